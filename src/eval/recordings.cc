#include "eval/recordings.h"

#include <fmt/format.h>

#include <reckon/error.h>

namespace reckon {

RecordingWriter::RecordingWriter(const std::string& path) {
  if (path.ends_with(".zst"))
    throw Error(
        Code::invalid_request,
        fmt::format("{}: a packed file cannot be continued; record to a .jsonl file and pack it afterwards with "
                    "reckon recordings merge",
                    path));
  file_ = std::make_unique<AppendFile>(path);
}

RecordingReader::RecordingReader(const std::string& path) : path_(path), lines_(path) {}

std::optional<Recording> RecordingReader::next() {
  while (std::optional<std::string_view> line = lines_.next()) {
    if (line->find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      return parse_recording(*line);
    } catch (const Error& error) {
      if (error.code() == Code::unsupported)
        throw Error(Code::unsupported, fmt::format("{} line {}: {}", path_, lines_.line(), error.what()));
      broken_.push_back({lines_.line(), error.what()});
    }
  }
  bool told = !broken_.empty() && broken_.back().line > lines_.line();
  if (!lines_.damage().empty() && !told)
    broken_.push_back({lines_.line() + 1, fmt::format("the file is cut off or damaged here ({})", lines_.damage())});
  return std::nullopt;
}

RecordingFile read_recordings(const std::string& path) {
  RecordingReader reader(path);
  RecordingFile file;
  while (std::optional<Recording> recording = reader.next()) file.recordings.push_back(std::move(*recording));
  file.broken = reader.broken();
  return file;
}

void write_recordings(const std::string& path, const std::vector<Recording>& recordings) {
  std::string text;
  for (const Recording& recording : recordings) text += to_json(recording) + "\n";
  write_whole(path, text);
}

}  // namespace reckon
