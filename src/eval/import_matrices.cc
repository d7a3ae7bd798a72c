// Collections with one sample per question of many models: ZeroEval, RouteLLM.
#include <boost/json.hpp>
#include <fmt/format.h>

#include "eval/import_formats.h"

#include <reckon/error.h>

namespace reckon::import {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) { return std::string(value.as_string()); }

// The "answer" field of the JSON object that the model was told to write. Many write broken JSON, which is part of the
// task: then there is no answer.
std::optional<std::string> written_answer(const std::string& output) {
  size_t begin = output.find('{'), end = output.rfind('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return std::nullopt;
  boost::system::error_code wrong;
  json::value object = json::parse(json::string_view(output.data() + begin, end - begin + 1), wrong);
  if (wrong || !object.is_object()) return std::nullopt;
  const json::value* answer = object.as_object().if_contains("answer");
  if (!answer || answer->is_null()) return std::nullopt;
  std::string written = answer->is_string() ? text(*answer) : json::serialize(*answer);
  return written.empty() ? std::nullopt : std::optional(written);
}

// Rows of a CSV text by RFC 4180: fields in double quotes may hold commas, line ends and doubled quotes.
std::vector<std::vector<std::string>> csv_rows(std::string_view content) {
  std::vector<std::vector<std::string>> rows(1);
  std::string field;
  bool quoted = false;
  auto end_field = [&] { rows.back().push_back(std::exchange(field, {})); };
  for (size_t i = 0; i < content.size(); ++i) {
    char c = content[i];
    if (quoted && c == '"' && i + 1 < content.size() && content[i + 1] == '"') field += content[++i];
    else if (c == '"') quoted = !quoted;
    else if (!quoted && c == ',') end_field();
    else if (!quoted && c == '\n') end_field(), rows.emplace_back();
    else if (quoted || c != '\r') field += c;
  }
  if (quoted) throw Error(Code::invalid_request, "the table ends inside a quoted field: the file is cut off");
  if (!field.empty() || !rows.back().empty()) end_field();
  if (rows.back().empty()) rows.pop_back();
  return rows;
}

}  // namespace

void zeroeval(const File& file, RecordingFile& into) {
  const json::value table = json::parse(file.content);
  for (const json::value& value : table.as_array()) {
    const json::object& row = value.as_object();
    Recording r{.id = text(row.at("id")),
                .dataset = "zeroeval-gsm",
                .messages = {{"user", text(row.at("question"))}},
                .reference = text(row.at("answer")),
                .model = stem(file.name)};
    if (r.reference->starts_with("# ")) r.reference->erase(0, 2);
    RecordedSample sample{.text = text(row.at("output").as_array().at(0))};
    if (std::optional<std::string> answer = written_answer(*sample.text)) {
      std::string canonical = file.rules.canonical(*answer);
      if (!canonical.empty()) sample.answer = canonical;
    }
    sample.correct = sample.answer && file.rules.correct(*sample.answer, *r.reference);
    r.samples.push_back(std::move(sample));
    into.recordings.push_back(std::move(r));
  }
}

// Columns: prompt, one True or False for each model, then their texts under MODEL_response. The answers themselves are
// not given: a right one is "right" and a wrong one "wrong".
void routellm(const File& file, RecordingFile& into) {
  std::vector<std::vector<std::string>> rows = csv_rows(file.content);
  const std::vector<std::string> head = rows.at(0);
  auto column = [&](const std::string& name) {
    return static_cast<size_t>(std::ranges::find(head, name) - head.begin());
  };
  for (size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].size() != head.size()) {
      into.broken.push_back({static_cast<int>(i + 1), "the row has another number of fields than the first"});
      continue;
    }
    for (size_t c = 1; c < head.size(); ++c) {
      if (head[c].ends_with("_response")) continue;
      bool right = rows[i][c] == "True";
      Recording r{.id = fmt::format("{}/{}", stem(file.name), i),
                  .dataset = "routellm",
                  .family = stem(file.name),
                  .task = TaskKind::text,
                  .messages = {{"user", rows[i][0]}},
                  .model = head[c]};
      RecordedSample sample{.answer = right ? "right" : "wrong", .correct = right};
      if (size_t at = column(head[c] + "_response"); at < head.size()) sample.text = rows[i][at];
      r.samples.push_back(std::move(sample));
      into.recordings.push_back(std::move(r));
    }
  }
}

}  // namespace reckon::import
