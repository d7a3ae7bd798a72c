#pragma once
#include <optional>

#include "verify/expr.h"

namespace reckon::verify {

// How far an evaluation came.
enum class Outcome {
  value,
  undefined,    // division by zero, a pole, the logarithm of zero, outside the real domain
  beyond,       // above a ceiling on digits, exponents or arguments
  unsupported,  // not a number: variables without a value, sets, unknown functions; exact(): not rational
};

// Exact rational arithmetic, where that is all there is. `sign` (+1 or -1) reads every plus-minus.
Outcome exact(const Tree& tree, int node, int sign, Rational& out);

}  // namespace reckon::verify
