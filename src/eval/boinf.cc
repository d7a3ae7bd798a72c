#include "eval/boinf.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>

#include <reckon/error.h>

#include "eval/text_file.h"

namespace reckon {
namespace {

namespace json = boost::json;

Pool::Question read_question(const json::value& row, const AnswerRules& rules) {
  Pool::Question question;
  question.id = fmt::format("{}", row.at("problem_num").to_number<int64_t>());
  std::string gold(row.at("gold_answer").as_string());
  if (int64_t total = row.at("total_answers").to_number<int64_t>();
      total != static_cast<int64_t>(row.at("all_answers").as_array().size()))
    throw Error(Code::invalid_request,
                fmt::format("it lists {} answers but says {}", row.at("all_answers").as_array().size(), total));
  std::map<std::string, int> ids;  // raw text -> answer; -1 for missing
  for (const json::value& pair : row.at("all_answers").as_array()) {
    const json::value &answer = pair.at(0), &tokens = pair.at(1);
    Pool::Sample sample;
    sample.tokens = tokens.is_number() ? tokens.to_number<double>() : std::numeric_limits<double>::quiet_NaN();
    if (answer.is_string()) {
      std::string raw(answer.as_string());
      auto [at, fresh] = ids.try_emplace(raw, -1);
      if (std::string canonical = fresh ? rules.canonical(raw) : ""; !canonical.empty()) {
        at->second = question.answer_id(canonical);
        if (at->second < 0) {
          at->second = static_cast<int>(question.answers.size());
          question.answers.push_back({canonical, rules.correct(raw, gold)});
        }
      }
      sample.answer = at->second;
    }
    question.samples.push_back(sample);
  }
  return question;
}

}  // namespace

AnswerRules exact_answers() {
  return {.canonical = [](std::string_view answer) { return std::string(answer); },
          .correct = [](std::string_view answer, std::string_view gold) { return answer == gold; }};
}

Pool read_boinf(const std::string& path, const AnswerRules& rules) {
  Pool pool;
  std::string stem = std::filesystem::path(path).filename();
  for (std::string_view end : {".zst", ".jsonl"})
    if (stem.ends_with(end)) stem.resize(stem.size() - end.size());
  if (stem.starts_with("analysis_")) stem = stem.substr(9);
  pool.name = stem;
  size_t underscore = stem.find('_');
  pool.dataset = stem.substr(0, underscore);
  pool.model = underscore == std::string::npos ? "" : stem.substr(underscore + 1);

  std::string text = read_text_file(path);
  int line = 0;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view row(text.data() + begin, end - begin);
    begin = end + 1;
    ++line;
    if (row.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      boost::system::error_code broken;
      json::value object = json::parse(row, broken);
      if (broken) throw Error(Code::invalid_request, broken.message());
      pool.questions.push_back(read_question(object, rules));
    } catch (const std::exception& error) {
      throw Error(Code::invalid_request,
                  fmt::format("{}, line {}: not a boinf recording, or cut off ({})", path, line, error.what()));
    }
  }
  validate(pool);
  return pool;
}

}  // namespace reckon
