// Collections with several samples per question: reasoning-gym, Qwen's reward-model example, CodeT.
#include <boost/json.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <string>

#include "base/rng.h"
#include "eval/import_formats.h"
#include "eval/recordings_input.h"

namespace reckon::import {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) { return std::string(value.as_string()); }

// Calls `use` with each line's object; a line that does not fit is listed as broken.
template <class Use>
void each_line(const File& file, RecordingFile& into, Use use) {
  int line = 0;
  for (size_t begin = 0; begin < file.content.size();) {
    size_t end = std::min(file.content.find('\n', begin), file.content.size());
    std::string_view row(file.content.data() + begin, end - begin);
    begin = end + 1;
    ++line;
    if (row.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      use(json::parse({row.data(), row.size()}), line);
    } catch (const std::exception& error) {
      into.broken.push_back({line, error.what()});
    }
  }
}

// One result of reasoning-gym: a question and its completions, each with a score from 0 to 1. Only the full score is
// right: what earns less is an answer in the wrong form or a part of one. A task may ask one question twice.
void add_result(const json::object& result, Recording& r) {
  if (r.id.empty()) {
    std::string question = text(result.at("question"));
    uint64_t hash = 0;
    for (char c : question) hash = mix(hash, static_cast<unsigned char>(c));
    r.id = fmt::format("{}/{:016x}", r.family, hash);  // models are joined by the question's text
    r.messages = {{"user", question}};
    const json::value& expected = result.at("expected_answer");
    r.reference = expected.is_string() ? text(expected) : json::serialize(expected);
  }
  for (const json::value& value : result.at("completions").as_array()) {
    const json::object& c = value.as_object();
    RecordedSample sample{.seed = r.samples.size(), .score = c.at("score").to_number<double>()};
    if (const json::value& full = c.at("full_model_response"); full.is_string()) sample.text = text(full);
    if (const json::value& answer = c.at("model_answer"); answer.is_string()) sample.answer = text(answer);
    sample.correct = sample.answer && *sample.score >= 1;
    r.samples.push_back(std::move(sample));
  }
}

// Of one task of reasoning-gym.
void add_results(const json::array& results, const Recording& common, RecordingFile& into) {
  std::map<std::string, size_t> places;
  for (const json::value& result : results) {
    auto [at, fresh] = places.emplace(text(result.at("question")), into.recordings.size());
    if (fresh) into.recordings.push_back(common);
    add_result(result.as_object(), into.recordings[at->second]);
  }
}

}  // namespace

void reasoning_gym(const File& file, RecordingFile& into) {
  json::value value = json::parse(file.content);
  const json::object& top = value.as_object();
  Recording common{.dataset = "reasoning-gym", .task = TaskKind::text};
  if (const json::value* results = top.if_contains("results")) {  // one task a file; archive or folder name the model
    common.family = text(top.at("name"));
    common.model = file.path == file.name
                       ? std::filesystem::path(file.path).parent_path().parent_path().filename().string()
                       : stem(file.path);
    add_results(results->as_array(), common, into);
    return;
  }
  if (!top.contains("categories")) return;  // a summary beside the samples
  const json::object& facts = top.at("metadata").as_object();
  common.model = text(facts.at("model"));
  common.sampling = Sampling{.temperature = facts.at("temperature").to_number<double>(),
                             .top_k = 0,
                             .top_p = facts.at("top_p").to_number<double>()};
  common.max_tokens = facts.at("max_tokens").to_number<int>();
  for (const json::value& category : top.at("categories").as_array())
    for (const json::value& task : category.at("datasets").as_array()) {
      common.family = text(task.at("name"));
      add_results(task.at("results").as_array(), common, into);
    }
}

void qwen_rm8(const File& file, RecordingFile& into) {
  each_line(file, into, [&](const json::value& value, int line) {
    const json::object& row = value.as_object();
    Recording r{.id = row.contains("idx") ? json::serialize(row.at("idx")) : fmt::format("{}", line),
                .dataset = stem(file.name),
                .messages = {{"user", text(row.at("question"))}},
                .reference = text(row.at("gt")),
                .model = "qwen-rm8"};
    const json::array &texts = row.at("code").as_array(), &answers = row.at("pred").as_array();
    const json::array &correct = row.at("score").as_array(), &rewards = row.at("pred_score").as_array();
    for (size_t i = 0; i < texts.size(); ++i) {
      RecordedSample sample{.seed = i, .text = text(texts.at(i)), .correct = correct.at(i).as_bool()};
      if (std::string answer = text(answers.at(i)); !answer.empty()) sample.answer = answer;
      sample.score = rewards.at(i).as_array().at(0).to_number<double>();
      r.samples.push_back(std::move(sample));
    }
    into.recordings.push_back(std::move(r));
  });
}

// Programs that fail or pass a task's tests. The verdicts stand in labels.derived.tsv beside the file: task_id, number
// of samples, canonical_ok, one digit a sample. A program votes with its exact equals only.
void codet(const File& file, RecordingFile& into) {
  std::vector<std::pair<std::string, std::string>> labels;  // task, digits
  std::filesystem::path beside = std::filesystem::path(file.name).parent_path() / "labels.derived.tsv";
  if (std::filesystem::exists(beside)) {
    LineReader lines(beside);
    lines.next();
    while (std::optional<std::string_view> line = lines.next())
      labels.emplace_back(line->substr(0, line->find('\t')), line->substr(line->rfind('\t') + 1));
  }
  each_line(file, into, [&](const json::value& value, int line) {
    size_t index = static_cast<size_t>(line - 1);
    const json::array& programs = value.at("samples").as_array();
    bool judged = index < labels.size() && labels[index].second.size() == programs.size();
    Recording r{.id = judged ? labels[index].first : fmt::format("{}", line),
                .dataset = "humaneval",
                .task = TaskKind::code,
                .messages = {{"user", text(value.at("prompt"))}},
                .model = "codegen-16B"};
    for (size_t i = 0; i < programs.size(); ++i) {
      std::string program = text(programs[i]);
      RecordedSample sample{.seed = i, .text = program, .answer = program};
      if (judged) sample.correct = labels[index].second[i] == '1';
      r.samples.push_back(std::move(sample));
    }
    into.recordings.push_back(std::move(r));
  });
}

}  // namespace reckon::import
