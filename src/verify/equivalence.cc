#include "verify/equivalence.h"

#include "verify/choice.h"
#include "verify/numeral.h"
#include "verify/text_form.h"

namespace reckon::verify {

Comparison compare_math(std::string_view gold, std::string_view candidate) {
  if (const auto a = parse_numeral(gold))
    if (const auto b = parse_numeral(candidate))
      return {*a == *b ? Verdict::equal : Verdict::different, "decimal numbers"};
  return compare_text(gold, candidate);
}

Comparison compare_text(std::string_view gold, std::string_view candidate) {
  return {text_form(gold) == text_form(candidate) ? Verdict::equal : Verdict::different, "text"};
}

Comparison compare_choice(std::string_view gold, std::string_view candidate) {
  const auto a = parse_choice(gold);
  return {a && a == parse_choice(candidate) ? Verdict::equal : Verdict::different, "letter"};
}

std::string canonical_math(std::string_view answer) {
  if (const auto value = parse_numeral(answer)) return to_string(*value);
  return text_form(answer);
}

}  // namespace reckon::verify
