#include "verify/numeral.h"

#include "verify/number.h"
#include "verify/scan.h"

namespace reckon::verify {

std::optional<Numeral> parse_numeral(std::string_view text) {
  text = strip_wrapping(text);
  if (text.size() > 64) return std::nullopt;
  Numeral out;
  if (skip_prefix(text, "-")) out.negative = true;
  if (!skip_prefix(text, "\\$")) skip_prefix(text, "$");
  size_t i = 0;
  int group = -1;  // digits since the last comma; -1 before the first
  size_t lead = 0;
  bool any = false;
  for (; i < text.size() && (is_digit(text[i]) || text[i] == ','); ++i) {
    if (text[i] == ',') {
      if (lead == 0 || lead > 3 || (group >= 0 && group != 3)) return std::nullopt;
      group = 0;
      continue;
    }
    any = true;
    group >= 0 ? void(++group) : void(++lead);
    if (!out.digits.empty() || text[i] != '0') out.digits += text[i];
  }
  if (group >= 0 && group != 3) return std::nullopt;
  if (i < text.size() && text[i] == '.') {
    for (++i; i < text.size() && is_digit(text[i]); ++i) {
      any = true;
      --out.exponent;
      if (!out.digits.empty() || text[i] != '0') out.digits += text[i];
    }
  }
  if (!any || i != text.size()) return std::nullopt;
  while (!out.digits.empty() && out.digits.back() == '0') {
    out.digits.pop_back();
    ++out.exponent;
  }
  if (out.digits.empty()) out = Numeral{};
  return out;
}

std::string to_string(const Numeral& numeral) {
  if (numeral.digits.empty()) return "0";
  if (numeral.exponent >= 0)
    return (numeral.negative ? "-" : "") + numeral.digits + std::string(static_cast<size_t>(numeral.exponent), '0');
  const auto value = Rational::decimal((numeral.negative ? "-" : "") + numeral.digits, numeral.exponent);
  return value.to_string();
}

}  // namespace reckon::verify
