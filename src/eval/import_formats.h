#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "eval/boinf.h"
#include "eval/recordings.h"

namespace reckon {

// Collections of other people's samples, read as recordings: see docs/recordings.md for what each format holds. What a
// format does not tell (token counts, mostly) stays unknown. .zst and .tar.zst are read as they are.
std::vector<std::string> import_formats();  // the names, "recording" first

// `format` is one of these names, or "auto": found from the content. `rules` compares answers where the source did not
// judge them itself. Broken lines are listed and passed over. Throws Error{not_found, invalid_request, unsupported}.
RecordingFile import_recordings(const std::string& path, const std::string& format, const AnswerRules& rules);

namespace import {
// One function per format: `content` is one file, `name` its path, inside the archive `path` if it came from one.
struct File {
  std::string path, name, content;
  const AnswerRules& rules;
};
void reasoning_gym(const File& file, RecordingFile& into);
void zeroeval(const File& file, RecordingFile& into);
void qwen_rm8(const File& file, RecordingFile& into);
void codet(const File& file, RecordingFile& into);
void routellm(const File& file, RecordingFile& into);

// "a/b/name.jsonl.zst" -> "name".
std::string stem(std::string_view path);
}  // namespace import

}  // namespace reckon
