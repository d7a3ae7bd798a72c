#include "eval/import_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "eval/recordings_input.h"

#include <reckon/error.h>

namespace reckon {
namespace {

struct Format {
  const char* name;
  const char* sign;  // found near the beginning of every file of this format
  void (*read)(const import::File&, RecordingFile&);
};
// A more particular sign comes before a less particular one.
constexpr std::array kFormats{
    Format{"reasoning-gym", "\"completions_per_prompt\"", import::reasoning_gym},
    Format{"reasoning-gym", "\"eval_repeats\"", import::reasoning_gym},
    Format{"zeroeval", "\"model_input\"", import::zeroeval},
    Format{"qwen-rm8", "\"gt_cot\"", import::qwen_rm8},
    Format{"codet", "\"samples\"", import::codet},
    Format{"routellm", "prompt,", import::routellm},
};
constexpr size_t kNear = 1 << 16;

const Format* find(const std::string& name, std::string_view content) {
  if (name != "auto") {
    auto at = std::ranges::find(kFormats, name, [](const Format& f) { return std::string_view(f.name); });
    return at == kFormats.end() ? nullptr : &*at;
  }
  std::string_view head = content.substr(0, kNear);
  for (const Format& format : kFormats) {
    bool header = std::string_view(format.sign) == "prompt,";
    if (header ? head.starts_with(format.sign) : head.find(format.sign) != std::string_view::npos) return &format;
  }
  return nullptr;
}

bool is_recording(const std::string& path) {
  LineReader lines(path);
  while (std::optional<std::string_view> line = lines.next())
    if (line->find_first_not_of(" \t\r") != std::string_view::npos)
      return line->substr(0, 200).find("\"reckon.recording/") != std::string_view::npos;
  return true;  // an empty file is an empty recording
}

}  // namespace

namespace import {
std::string stem(std::string_view path) {
  path = path.substr(path.find_last_of('/') + 1);
  for (std::string_view end : {".zst", ".tar", ".jsonl", ".json", ".csv"})
    if (path.ends_with(end)) path.remove_suffix(end.size());
  return std::string(path);
}
}  // namespace import

std::vector<std::string> import_formats() {
  std::vector<std::string> names{"recording"};
  for (const Format& format : kFormats)
    if (names.back() != format.name) names.emplace_back(format.name);
  return names;
}

RecordingFile import_recordings(const std::string& path, const std::string& format, const AnswerRules& rules) {
  if (format == "recording" || (format == "auto" && is_recording(path))) return read_recordings(path);
  std::vector<std::string> names = import_formats();
  if (format != "auto" && std::ranges::find(names, format) == names.end())
    throw Error(Code::invalid_request, fmt::format("--format {}: there are auto, {}", format, fmt::join(names, ", ")));
  RecordingFile file;
  bool known = false;
  for_each_file(path, [&](const std::string& name, std::string&& content) {
    const Format* found = find(format, content);
    if (!found) return;  // summaries and licences lie beside the samples
    known = true;
    try {
      found->read({path, name, std::move(content), rules}, file);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Error(Code::invalid_request, fmt::format("{}: not {}: {}", name, found->name, error.what()));
    }
  });
  if (!known)
    throw Error(Code::invalid_request, fmt::format("{}: none of the known formats ({}); name one with --format", path,
                                                   fmt::join(names, ", ")));
  return file;
}

}  // namespace reckon
