#include "eval/replay_input.h"

#include <fmt/format.h>

#include <reckon/error.h>

#include "eval/import_formats.h"

namespace reckon {
namespace {

bool is_boinf(const std::string& path) {
  LineReader lines(path);
  std::optional<std::string_view> first = lines.next();
  return first && first->find("\"all_answers\"") != std::string_view::npos &&
         first->find("\"gold_answer\"") != std::string_view::npos;
}

}  // namespace

PoolInput read_pools(const std::vector<std::string>& files, const std::string& format, CostOf cost,
                     const AnswerRules& rules) {
  PoolInput input;
  std::vector<Recording> recordings;
  for (const std::string& path : files) {
    if (format == "boinf" || (format == "auto" && is_boinf(path))) {
      if (cost == CostOf::text)
        throw Error(Code::invalid_request, fmt::format("{} holds no text to estimate tokens from", path));
      input.pools.push_back(read_boinf(path, rules));
      if (cost == CostOf::tokens) continue;
      for (Pool::Question& question : input.pools.back().questions)
        for (Pool::Sample& sample : question.samples) sample.tokens = 1;
      input.pools.back().name += " (cost in samples)";
      continue;
    }
    RecordingFile file = import_recordings(path, format, rules);
    for (const BrokenLine& broken : file.broken)
      input.notes.push_back(fmt::format("{} line {}: {}; it is left out.", path, broken.line, broken.why));
    for (Recording& recording : file.recordings) recordings.push_back(std::move(recording));
  }
  for (Pool& pool : to_pools(std::move(recordings), cost)) input.pools.push_back(std::move(pool));
  if (input.pools.empty() && !input.notes.empty()) throw Error(Code::invalid_request, input.notes.front());
  return input;
}

}  // namespace reckon
