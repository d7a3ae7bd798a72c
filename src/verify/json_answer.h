#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace reckon {

// Limits on JSON from outside; what is beyond them is treated as not being JSON.
inline constexpr size_t kJsonDepth = 64;
inline constexpr size_t kJsonBytes = 1u << 20;

struct TextSpan {
  size_t begin = 0, end = 0;  // bytes [begin, end)
};

// The JSON value that a model's text commits to. Looked for after the thinking block, in this order: the whole text;
// the last code block (tagged json or not tagged) that is one value; the last complete object; the last complete array.
// Nothing inside an unclosed thinking block, and nothing when the text was cut in the middle of a value. Linear in
// time.
std::optional<TextSpan> find_json(std::string_view text, bool cut);

// The text under which equal values are counted: no white space, keys sorted by their bytes (of two equal keys the last
// counts), numbers by their exact decimal value (1.0, 1e0 and 1 are 1; nothing is rounded), strings with the shortest
// escapes. Nothing when the text is not one JSON value within the limits.
std::optional<std::string> canonical_json(std::string_view text);

}  // namespace reckon
