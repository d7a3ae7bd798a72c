#pragma once
#include <optional>
#include <string>
#include <vector>

#include "verify/values.h"

namespace reckon::verify {

// An end of an interval: a number, or infinity.
struct End {
  int infinite = 0;  // -1, 0, +1
  Ball value;
  std::string key;  // for printing
};

// A set of real numbers as disjoint pieces in ascending order.
struct Piece {
  End low, high;
  bool low_closed = false, high_closed = false;
};
struct RealSet {
  std::vector<Piece> pieces;
  std::string variable;  // of an inequality; "" where the set names none
};

// Reads an interval, a union, R without points, or inequalities in one unknown, linear, quadratic or of an absolute
// value. None for what is no such set.
std::optional<RealSet> real_set(const Term& term);
bool same_set(const RealSet& a, const RealSet& b);
std::string set_key(const RealSet& set);  // "(-infinity,2)U(3,infinity)"

// Whether the node can only mean a set of reals (a union, an inequality), whatever it is compared with.
bool is_set_form(const Term& term);

}  // namespace reckon::verify
