#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace reckon::verify {

// "twenty-one", "one hundred and five", "two thirds", "fifth", "3rd", "minus two", as "21", "105", "2/3", "5", "3",
// "-2"; none where the text is anything else.
std::optional<std::string> number_from_words(std::string_view text);

// The last word of a sentence that is a number, as a piece of it.
std::optional<std::string_view> last_number_word(std::string_view sentence);

}  // namespace reckon::verify
