#include "verify/scan.h"

#include <algorithm>

namespace reckon::verify {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view first_line(std::string_view text) { return text.substr(0, std::min(text.find('\n'), text.size())); }

bool has_digit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_digit); }

bool skip_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool skip_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

namespace {

bool strip_pair(std::string_view& text, std::string_view open, std::string_view close) {
  if (text.size() < open.size() + close.size() || !text.starts_with(open) || !text.ends_with(close)) return false;
  const std::string_view inside = text.substr(open.size(), text.size() - open.size() - close.size());
  if (inside.find(open) != std::string_view::npos) return false;  // "$a$ and $b$" is not one formula
  text = inside;
  return true;
}

}  // namespace

std::string_view strip_wrapping(std::string_view text) {
  for (bool again = true; again;) {
    text = trim(text);
    again = strip_pair(text, "$$", "$$") || strip_pair(text, "$", "$") || strip_pair(text, "\\(", "\\)") ||
            strip_pair(text, "\\[", "\\]") || strip_pair(text, "**", "**") || strip_pair(text, "*", "*") ||
            strip_pair(text, "\"", "\"") || strip_pair(text, "`", "`") || strip_pair(text, "\\\"", "\\\"");
    if (!again && text.size() > 1 && text.back() == '.' && !text.ends_with("..")) {
      text.remove_suffix(1);
      again = true;
    }
  }
  return text;
}

std::string_view last_sentence(std::string_view text) {
  text = trim(text);
  for (size_t i = text.size(); i-- > 1;) {
    const char c = text[i - 1];
    if (c == '\n' || ((c == '.' || c == '!' || c == '?') && is_space(text[i]))) return trim(text.substr(i));
  }
  return text;
}

}  // namespace reckon::verify
