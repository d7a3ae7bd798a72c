#include "eval/import_pools.h"

#include <fmt/format.h>

#include <algorithm>

#include "eval/import_formats.h"
#include "eval/recordings_input.h"

namespace reckon {
namespace {

bool is_boinf(const std::string& path) {
  LineReader lines(path);
  std::optional<std::string_view> line = lines.next();
  return line && line->find("\"all_answers\"") != std::string_view::npos;
}

}  // namespace

PoolFiles read_pools(const std::vector<std::string>& paths, const std::string& format, CostOf cost,
                     const AnswerRules& rules) {
  PoolFiles out;
  std::vector<Recording> recordings;
  for (const std::string& path : paths) {
    if (format == "boinf" || (format == "auto" && is_boinf(path))) {
      out.pools.push_back(read_boinf(path, rules));
      continue;
    }
    RecordingFile file = import_recordings(path, format, rules);
    for (const BrokenLine& bad : file.broken)
      out.notes.push_back(fmt::format("{} line {}: {}; it is left out", path, bad.line, bad.why));
    std::ranges::move(file.recordings, std::back_inserter(recordings));
  }
  std::ranges::move(to_pools(std::move(recordings), cost), std::back_inserter(out.pools));
  return out;
}

}  // namespace reckon
