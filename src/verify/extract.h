#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <reckon/question.h>

namespace reckon::verify {

// What a text finally commits to, as a piece of `text` itself; none where it commits to nothing. docs/verification.md
// gives the order of precedence. `cut`: the text was ended by a limit, so its last words are no conclusion.
using Found = std::optional<std::string_view>;
Found extract_math(std::string_view text, bool cut);
Found extract_text(std::string_view text, bool cut);

// The letter, as it stands in the text or, where only an option's text is given, the piece that equals it.
struct FoundChoice {
  char letter = 0;
  std::string_view piece;
};
std::optional<FoundChoice> extract_choice(std::string_view text, const std::vector<std::string>& choices, bool cut);

// A program without its fences and their indentation, and where it stands: the last block that defines something, else
// the last block, else a text that is all code.
struct FoundProgram {
  std::string program;
  std::string_view piece;
};
std::optional<FoundProgram> extract_code(std::string_view text, bool cut);

}  // namespace reckon::verify
