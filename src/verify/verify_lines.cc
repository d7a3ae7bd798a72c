#include "verify/verify_lines.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>

#include "base/text.h"
#include "verify/answer_verifier.h"
#include "verify/choice.h"
#include "verify/equivalence.h"
#include "verify/reading.h"
#include "verify/text_form.h"

namespace reckon::verify {
namespace {

namespace json = boost::json;

constexpr size_t kLongestCandidate = 1 << 20;

Line broken(json::object row, std::string why) {
  row["verdict"] = name(Verdict::error);
  row["reason"] = why;
  return {json::serialize(row), std::move(why)};
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  return out;
}

std::optional<std::string> from_parts(const json::value& parts) {
  if (!parts.is_array()) return std::nullopt;
  std::string out;
  for (const json::value& part : parts.as_array()) {
    if (!part.is_array() || part.as_array().size() != 2 || !part.at(0).is_string() || !part.at(1).is_int64())
      return std::nullopt;
    const std::string_view piece = part.at(0).as_string();
    const int64_t count = part.at(1).as_int64();
    if (count < 0 || static_cast<size_t>(count) > kLongestCandidate ||
        piece.size() * static_cast<size_t>(count) + out.size() > kLongestCandidate)
      return std::nullopt;
    for (int64_t i = 0; i < count; ++i) out += piece;
  }
  return out;
}

std::optional<std::string> candidate_of(const json::object& row) {
  if (const json::value* plain = row.if_contains("candidate"))
    return plain->is_string() ? std::optional<std::string>(plain->as_string()) : std::nullopt;
  if (const json::value* parts = row.if_contains("candidate_parts")) return from_parts(*parts);
  if (const json::value* bytes = row.if_contains("candidate_b64"))
    return bytes->is_string() ? from_base64(std::string_view(bytes->as_string())) : std::nullopt;
  return std::nullopt;
}

std::optional<json::object> parse_row(std::string_view line) {
  boost::system::error_code failed;
  json::value row = json::parse(line, failed);
  if (failed || !row.is_object()) return std::nullopt;
  return std::move(row.as_object());
}

std::optional<TaskKind> task_of(const json::object& row, TaskKind standard) {
  const json::value* task = row.if_contains("task");
  if (!task) return standard;
  return task->is_string() ? parse_task_kind(std::string_view(task->as_string())) : std::nullopt;
}

std::vector<std::string> choices_of(const json::object& row) {
  std::vector<std::string> out;
  if (const json::value* choices = row.if_contains("choices"); choices && choices->is_array())
    for (const json::value& choice : choices->as_array())
      if (choice.is_string()) out.emplace_back(choice.as_string());
  return out;
}

std::string letter_key(std::string_view answer) {
  const auto letter = parse_choice(answer);
  return letter ? std::string(1, *letter) : text_form(answer);
}

}  // namespace

Line verify_pair(std::string_view line) {
  auto row = parse_row(line);
  if (!row) return broken({}, "the line is not a JSON object");
  const json::value* gold = row->if_contains("gold");
  if (!gold || !gold->is_string()) return broken(*row, "the line has no text field \"gold\"");
  const auto candidate = candidate_of(*row);
  if (!candidate)
    return broken(*row, "the line has no field \"candidate\" (or candidate_parts, candidate_b64) that can be read");
  const auto task = task_of(*row, TaskKind::math);
  if (!task || *task == TaskKind::json || *task == TaskKind::code)
    return broken(*row, "pairs are compared for the tasks math, choice and text");
  const std::string_view reference = gold->as_string();
  const Comparison result = *task == TaskKind::math     ? compare_math(reference, *candidate)
                            : *task == TaskKind::choice ? compare_choice(reference, *candidate)
                                                        : compare_text(reference, *candidate);
  const auto key = *task == TaskKind::math ? &canonical_math : *task == TaskKind::choice ? &letter_key : &text_form;
  const std::string gold_key = key(reference);
  const std::string candidate_key = key(*candidate);
  (*row)["verdict"] = name(result.verdict);
  (*row)["reason"] = result.reason;
  (*row)["canonical_gold"] = gold_key;
  if (valid_utf8(candidate_key)) (*row)["canonical"] = candidate_key;
  else (*row)["canonical"] = nullptr;
  return {json::serialize(*row), {}};
}

Line verify_extraction(std::string_view line) {
  auto row = parse_row(line);
  if (!row) return broken({}, "the line is not a JSON object");
  const json::value* text = row->if_contains("text");
  if (!text || !text->is_string()) return broken(*row, "the line has no text field \"text\"");
  const auto task = task_of(*row, TaskKind::math);
  if (!task) return broken(*row, "the task is none of math, choice, text, json, code");
  Question question;
  question.task = *task;
  question.choices = choices_of(*row);
  const json::value* cut = row->if_contains("cut");
  const AnswerVerifier verifier;
  const auto answer =
      verifier.extract(question, std::string_view(text->as_string()), cut && cut->is_bool() && cut->as_bool());
  if (answer) {
    (*row)["extracted"] = *task == TaskKind::choice ? answer->canonical : answer->text;
    (*row)["canonical"] = answer->canonical;
    (*row)["span"] = json::array{answer->begin, answer->end};
  } else {
    (*row)["extracted"] = nullptr;
    (*row)["span"] = nullptr;
  }
  return {json::serialize(*row), {}};
}

std::string explain(std::string_view gold, std::string_view candidate) {
  const Comparison result = compare_math(gold, candidate);
  std::string out;
  for (const auto& [role, text] :
       {std::pair<std::string_view, std::string_view>{"gold", gold}, {"candidate", candidate}}) {
    out += fmt::format("{}: {}\n", role, text);
    const std::string key = canonical_math(text);
    const Reading reading = read(text);
    out += reading.ok() ? fmt::format("  read as  {}\n", show(reading.tree, reading.node))
                        : fmt::format("  no formula: {}\n", reading.problem);
    out += fmt::format("  key      {}\n", key);
  }
  return out + fmt::format("{}: {}\n", name(result.verdict), result.reason);
}

}  // namespace reckon::verify
