#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace reckon::verify {

// The names that formulas use.
bool is_function(std::string_view name);                 // sin, arcsin, ln, exp, gcd, ...
std::string_view plain_function(std::string_view name);  // asin for arcsin, ...
std::string_view plain_command(std::string_view name);   // frac for dfrac, le for leq, ...
bool is_greek(std::string_view name);

// Units of measure in one spelling: "cm" for centimeters, "mile/hour" for mph. None for words that are no unit.
std::optional<std::string> known_unit(std::string_view word);
// Any noun as a unit: "boxes" and "box" are the same.
std::string unit_form(std::string_view word);

}  // namespace reckon::verify
