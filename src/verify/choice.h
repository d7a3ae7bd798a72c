#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reckon::verify {

// The one letter that an answer names: "B", "(B)", "B.", "B) 42", "B: the sum", "\textbf{(B)}", "option B is right",
// "the answer is B". None where it names none, names two, or denies one. Letters A to Z; a lower-case letter only when
// it stands alone or in brackets.
std::optional<char> parse_choice(std::string_view answer);

// The option whose text this is, as a letter, by the rules of text comparison.
std::optional<char> choice_with_text(std::string_view answer, const std::vector<std::string>& choices);

}  // namespace reckon::verify
