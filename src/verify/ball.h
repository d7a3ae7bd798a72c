#pragma once
#include <acb.h>

#include <map>
#include <string>

#include "verify/exact.h"

namespace reckon::verify {

// A complex number known up to a rigorous error bound (a ball of Arb).
class Ball {
 public:
  Ball() { acb_init(z_); }
  Ball(const Ball& other) : Ball() { acb_set(z_, other.z_); }
  Ball(Ball&& other) noexcept : Ball() { acb_swap(z_, other.z_); }
  Ball& operator=(Ball other) noexcept {
    acb_swap(z_, other.z_);
    return *this;
  }
  ~Ball() { acb_clear(z_); }

  acb_ptr get() { return z_; }
  acb_srcptr get() const { return z_; }
  arb_ptr real() { return acb_realref(z_); }
  arb_srcptr real() const { return acb_realref(z_); }
  arb_srcptr imaginary() const { return acb_imagref(z_); }
  bool apart(const Ball& other) const { return acb_overlaps(z_, other.z_) == 0; }
  bool zero_inside() const { return acb_contains_zero(z_) != 0; }
  bool is_real() const { return arb_contains_zero(acb_imagref(z_)) != 0; }
  bool sharp(long bits) const;  // the error is below 2^-bits of the value, or of one

 private:
  acb_t z_;
};

using Point = std::map<std::string, Rational, std::less<>>;

struct Setting {
  const Point* point = nullptr;  // values of the variables
  long precision = 64;           // bits
  bool complex = false;          // roots and logarithms of negative numbers have values
  int sign = 0;                  // how plus-minus is read
};

Outcome evaluate(const Tree& tree, int node, const Setting& setting, Ball& out);

// Frees what Arb and FLINT cache for this thread.
void forget_thread_caches();

}  // namespace reckon::verify
