#include "verify/text_form.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>

#include <algorithm>
#include <array>

#include "verify/scan.h"

namespace reckon::verify {

namespace {

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string fold(std::string_view text) {
  if (ascii(text)) return lower(text);
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* form = icu::Normalizer2::getNFKCCasefoldInstance(status);
  std::string out;
  if (U_FAILURE(status)) return lower(text);
  icu::StringByteSink<std::string> sink(&out);
  form->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink, nullptr, status);
  return U_FAILURE(status) ? lower(text) : out;
}

// \text{east} becomes east; other commands lose their backslash.
std::string open_commands(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kOpened = {"text",   "textbf", "textit", "mathrm",
                                                               "mathbf", "mbox",   "textrm", "emph",
                                                               "boxed",  "fbox",   "mathit", "operatorname"};
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      if (text[i] != '$' && text[i] != '{' && text[i] != '}') out += text[i];
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && is_alpha(text[end])) ++end;
    const std::string_view command = text.substr(i + 1, end - i - 1);
    if (command.empty()) {  // \, \! \; are space; \$ \% \{ are themselves
      if (end < text.size() && (text[end] == ',' || text[end] == ';' || text[end] == '!' || text[end] == ' '))
        out += ' ';
      else if (end < text.size()) out += text[end];
      i = end;
      continue;
    }
    if (std::find(kOpened.begin(), kOpened.end(), command) == kOpened.end()) out += command;
    i = end - 1;
  }
  return out;
}

}  // namespace

std::string text_form(std::string_view text) {
  std::string_view core = strip_wrapping(text);
  std::string opened;
  if (core.find_first_of("\\${}") != std::string_view::npos) {
    opened = open_commands(core);
    core = opened;
  }
  const std::string folded = fold(core);
  std::string out;
  size_t i = 0;
  const auto final_mark = [](char c) { return c == '.' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?'; };
  while (i < folded.size()) {
    while (i < folded.size() && (is_space(folded[i]) || folded[i] == '*' || folded[i] == '"' || folded[i] == '`')) ++i;
    size_t end = i;
    const auto ends = [&](char c) { return is_space(c) || c == '*' || c == '"' || c == '`'; };
    while (end < folded.size() && !ends(folded[end])) {
      const bool comma = folded[end] == ',' && !(end + 1 < folded.size() && is_digit(folded[end + 1]));
      ++end;
      if (comma) break;  // "a,b" as "a, b"
    }
    const std::string_view word = std::string_view(folded).substr(i, end - i);
    i = end;
    if (word.empty() || word == "a" || word == "an" || word == "the") continue;
    if (!out.empty()) out += ' ';
    out += word;
  }
  while (out.size() > 1 && (final_mark(out.back()) || out.back() == ' ')) out.pop_back();
  return out.empty() ? folded : out;
}

}  // namespace reckon::verify
