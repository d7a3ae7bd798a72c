#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace reckon::verify {

// What is compared when answers are words: Unicode NFKC and case folded, LaTeX text commands and emphasis opened,
// without articles, quotes, and final punctuation, single spaces.
std::string text_form(std::string_view text);

}  // namespace reckon::verify
