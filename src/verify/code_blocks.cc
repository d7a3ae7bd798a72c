#include "verify/code_blocks.h"

#include <algorithm>
#include <optional>

#include "verify/scan.h"

namespace reckon::verify {
namespace {

constexpr auto kNone = std::string_view::npos;

struct Opening {
  std::string_view mark;  // a run of ` or ~, or the tag
  size_t at = 0;          // where in its line
  size_t indent = 0;      // how far the block's lines may be indented by the fence
};

bool fence(std::string_view text) { return text.starts_with("```") || text.starts_with("~~~"); }

// Behind words only ``` opens a block: "The program: ```python".
std::optional<Opening> opening(std::string_view line) {
  constexpr std::string_view kTag = "[PYTHON]";
  const size_t front = std::min(line.find_first_not_of(" \t-*+.)0123456789"), line.size());  // "2. ```python"
  if (line.substr(front).starts_with(kTag)) return Opening{kTag, front, front};
  const size_t at = fence(line.substr(front)) ? front : line.find("```");
  if (at == kNone) return std::nullopt;
  const std::string_view rest = line.substr(at);
  const size_t run = std::min(rest.find_first_not_of(rest[0]), rest.size());
  if (rest[0] == '`' && rest.find('`', run) != kNone) return std::nullopt;  // ```x``` in a sentence
  return Opening{rest.substr(0, run), at, at == front ? at : 0};
}

// Where the line of the closing fence begins.
size_t closing(std::string_view text, size_t from, const Opening& open) {
  while (from < text.size()) {
    const std::string_view line = first_line(text.substr(from));
    const size_t front = line.find_first_not_of(" \t");
    if (front <= open.indent && line.substr(front).starts_with(open.mark)) return from;
    from += line.size() + 1;
  }
  return kNone;
}

// Without what all lines are indented by, but `most` at most: many fences are indented further than their program.
std::string unindented(std::string_view block, size_t most) {
  const auto each_line = [block](auto see) {
    for (size_t at = 0; at < block.size();) {
      const std::string_view line = first_line(block.substr(at));
      see(line);
      at += line.size() + 1;
    }
  };
  each_line([&](std::string_view line) { most = std::min(most, line.find_first_not_of(" \t\r")); });
  if (most == 0) return std::string(block);
  std::string out;
  each_line([&](std::string_view line) {
    out += line.substr(std::min(most, line.size()));
    out += '\n';
  });
  if (!block.ends_with('\n') && !out.empty()) out.pop_back();
  return out;
}

}  // namespace

std::vector<CodeBlock> code_blocks(std::string_view text) {
  std::vector<CodeBlock> blocks;
  for (size_t at = 0; at < text.size();) {
    const std::string_view line = first_line(text.substr(at));
    const auto open = opening(line);
    const bool tag = open && open->mark[0] == '[';
    size_t start = at + line.size() + 1;
    if (!open) {
      at = start;
      continue;
    }
    if (tag) {
      const size_t inside = at + open->at + open->mark.size();
      const size_t code = std::min(text.find_first_not_of(" \t\r\n", inside), text.size());
      start = std::min(start, code);
      if (fence(text.substr(code))) {  // says it better
        at = std::max(inside, text.rfind('\n', code) + 1);
        continue;
      }
    }
    if (start >= text.size()) break;
    const size_t end = tag ? text.find("[/PYTHON]", start) : closing(text, start, *open);
    const std::string_view piece = text.substr(start, end - start);
    blocks.push_back({piece, unindented(piece, open->indent), end != kNone});
    if (end == kNone) break;
    at = end + first_line(text.substr(end)).size() + 1;
  }
  return blocks;
}

}  // namespace reckon::verify
