#pragma once
#include <optional>
#include <set>
#include <string>

#include "verify/values.h"

namespace reckon::verify {

// The expanded form of an expression that is a polynomial over the rationals in `symbols`, like "x^2+2*x+1"; none where
// it is no polynomial or would have too many terms.
std::optional<std::string> polynomial_key(const Term& term, const std::set<std::string>& symbols);

}  // namespace reckon::verify
