#include "verify/number.h"

#include <cstdlib>
#include <memory>

namespace reckon::verify {

Rational Rational::decimal(const std::string& digits, long exponent) {
  Rational out;
  fmpz_set_str(fmpq_numref(out.q_), digits.c_str(), 10);
  if (exponent == 0) return out;
  fmpz_t scale;
  fmpz_init(scale);
  fmpz_set_ui(scale, 10);
  fmpz_pow_ui(scale, scale, static_cast<ulong>(std::labs(exponent)));
  if (exponent > 0) {
    fmpz_mul(fmpq_numref(out.q_), fmpq_numref(out.q_), scale);
  } else {
    fmpz_swap(fmpq_denref(out.q_), scale);
    fmpq_canonicalise(out.q_);
  }
  fmpz_clear(scale);
  return out;
}

Rational Rational::in_base(const std::string& digits, int base) {
  Rational out;
  fmpz_set_str(fmpq_numref(out.q_), digits.c_str(), base);
  return out;
}

std::string Rational::to_string() const {
  const std::unique_ptr<char, decltype(&flint_free)> text(fmpq_get_str(nullptr, 10, q_), &flint_free);
  return text.get();
}

}  // namespace reckon::verify
