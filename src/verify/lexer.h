#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace reckon::verify {

// Ceilings on what is read at all. What is longer is compared as text only.
constexpr size_t kLongestInput = 16384;  // bytes
constexpr size_t kMostTokens = 6000;

struct Token {
  enum Kind {
    end,
    number,   // text: digits with at most one point, no separators; perhaps with an exponent "e-5"
    letter,   // one variable: "x", "x_2", "\\alpha"
    word,     // a run of letters that stands for itself: function, unit, or prose
    command,  // a LaTeX command that means something, without its backslash: "frac", "le"
    mark,     // one ASCII character: + - * / ^ _ ( ) [ ] { } , ; : = < > | ! % & '
  };
  Kind kind = end;
  std::string text;
  bool spaced = false;   // white space stood before it
  bool in_text = false;  // it stood in \text{} or the like
  bool is(char c) const { return kind == mark && text[0] == c; }
  bool is_command(std::string_view name) const { return kind == command && text == name; }
  bool is_word(std::string_view name) const { return kind == word && text == name; }
};

enum class Commas { group_digits, separate };  // how "1,234" is read outside brackets

// Tokens without the noise (\left, \,, $, \displaystyle, ...); the last is `end`. Unicode symbols become what LaTeX
// writes for them. Empty where the text is not UTF-8, holds control characters or passes a ceiling.
std::vector<Token> tokenize(std::string_view text, Commas commas);

}  // namespace reckon::verify
