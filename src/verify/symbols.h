#pragma once
#include <string>
#include <string_view>

namespace reckon::verify {

// Unicode mathematics in LaTeX: "2π" becomes "2\pi ", "x²" "x^{2}", "≤" "\le ", full-width forms their plain ones.
// Other characters beyond ASCII stay. The text must be valid UTF-8.
std::string latex_symbols(std::string_view text);

}  // namespace reckon::verify
