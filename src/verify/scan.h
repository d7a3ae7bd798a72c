#pragma once
#include <string>
#include <string_view>

namespace reckon::verify {

// Looking at pieces of a longer text without copying them, so that every piece knows where it stands in the text.

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
inline bool is_alpha(char c) { return is_upper(c) || is_lower(c); }
inline bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
inline char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text);  // ASCII only: offsets stay the same
std::string_view trim(std::string_view text);
std::string_view first_line(std::string_view text);
bool has_digit(std::string_view text);
bool skip_prefix(std::string_view& text, std::string_view prefix);
bool skip_suffix(std::string_view& text, std::string_view suffix);

// Takes off what surrounds an answer and does not belong to it: space, $, \( \), \[ \], emphasis, quotes, a final full
// stop.
std::string_view strip_wrapping(std::string_view text);

// The sentences of a text, split at line ends and at . ! ? before a space; abbreviations split too.
std::string_view last_sentence(std::string_view text);

}  // namespace reckon::verify
