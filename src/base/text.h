#pragma once
#include <string>
#include <string_view>

namespace reckon {

// Whether every byte belongs to a well-formed UTF-8 character (no surrogates, no overlong forms, at most U+10FFFF).
bool valid_utf8(std::string_view text);

// The longest prefix of at most `limit` bytes that ends with a whole character.
std::string_view utf8_prefix(std::string_view text, size_t limit);

// Throws Error{invalid_request} when `text` holds a NUL byte or is not UTF-8; `what` names it in the message.
void check_text(std::string_view text, std::string_view what);

}  // namespace reckon
