#pragma once
#include <flint/fmpq.h>

#include <string>
#include <utility>

namespace reckon::verify {

// An exact rational; FLINT's fmpq (small values live inline). No operation here divides by zero: callers ask is_zero().
class Rational {
 public:
  Rational() { fmpq_init(q_); }
  explicit Rational(long value) : Rational() { fmpq_set_si(q_, value, 1); }
  Rational(const Rational& other) : Rational() { fmpq_set(q_, other.q_); }
  Rational(Rational&& other) noexcept : Rational() { fmpq_swap(q_, other.q_); }
  Rational& operator=(const Rational& other) {
    fmpq_set(q_, other.q_);
    return *this;
  }
  Rational& operator=(Rational&& other) noexcept {
    fmpq_swap(q_, other.q_);
    return *this;
  }
  ~Rational() { fmpq_clear(q_); }

  // "-123" times 10^exponent; digits only after an optional sign.
  static Rational decimal(const std::string& digits, long exponent);
  static Rational in_base(const std::string& digits, int base);  // 2..36, digits of that base only

  fmpq* get() { return q_; }
  const fmpq* get() const { return q_; }
  bool is_zero() const { return fmpq_is_zero(q_) != 0; }
  bool is_one() const { return fmpq_is_one(q_) != 0; }
  bool is_integer() const { return fmpz_is_one(fmpq_denref(q_)) != 0; }
  int sign() const { return fmpq_sgn(q_); }
  size_t bits() const { return static_cast<size_t>(fmpz_bits(fmpq_numref(q_)) + fmpz_bits(fmpq_denref(q_))); }
  bool fits_long() const { return is_integer() && fmpz_fits_si(fmpq_numref(q_)) != 0; }
  long to_long() const { return fmpz_get_si(fmpq_numref(q_)); }  // only where fits_long()
  std::string to_string() const;                                 // "-7/2", "3"
  bool operator==(const Rational& other) const { return fmpq_equal(q_, other.q_) != 0; }
  bool operator<(const Rational& other) const { return fmpq_cmp(q_, other.q_) < 0; }

 private:
  fmpq_t q_;
};

}  // namespace reckon::verify
