#include "base/text.h"

#include <fmt/format.h>

#include <reckon/error.h>

namespace reckon {
namespace {

// Length of the well-formed character at the start of `text`; 0 if there is none (Unicode 15, table 3-7).
size_t character(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto tail = [&](size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xBF; };
  unsigned first = byte(0), second = byte(1);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!tail(1) || !tail(2) || (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3) || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
      return 0;
    return 4;
  }
  return 0;
}

size_t first_bad_byte(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    size_t length = character(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace

bool valid_utf8(std::string_view text) { return first_bad_byte(text) == std::string_view::npos; }

std::string_view utf8_prefix(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit);
}

void check_text(std::string_view text, std::string_view what) {
  if (size_t nul = text.find('\0'); nul != std::string_view::npos)
    throw Error(Code::invalid_request, fmt::format("{} holds a NUL byte at position {}; remove it", what, nul));
  if (size_t bad = first_bad_byte(text); bad != std::string_view::npos)
    throw Error(Code::invalid_request, fmt::format("{} is not valid UTF-8 at byte {}; convert it to UTF-8", what, bad));
}

}  // namespace reckon
