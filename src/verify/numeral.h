#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace reckon::verify {

// A plain decimal number ("1,250.50", "$7", "-3", "1e5"), exactly: sign, digits without leading or trailing zeros, and
// a power of ten. Covers most answers without a parser.
struct Numeral {
  bool negative = false;
  std::string digits;  // "" is zero
  int exponent = 0;    // value = digits x 10^exponent
  bool operator==(const Numeral&) const = default;
};
std::optional<Numeral> parse_numeral(std::string_view text);
std::string to_string(const Numeral& numeral);  // "-3", "2500", "5/2": as fractions, like every rational key

}  // namespace reckon::verify
