#pragma once
#include <optional>
#include <string>
#include <vector>

#include "verify/values.h"

namespace reckon::verify {

// The outer shape of an answer: what stands around its values.

// y = ..., f(x) = ..., v_0 = ...: the label, as text; none where the left side is no label.
std::optional<std::string> label(const Term& left);

// Whether all signs are equals signs (or approximately-equals signs).
bool is_equation(const Term& term);
// The part that counts in a chain of equalities: the last member before an approximation.
Term last_member(const Term& chain);
Term unlabelled(const Term& term);  // the value behind "x =" or "x in"; the term itself where there is none

struct Amount {
  Term value;
  std::string unit;  // "" without
};
Amount amount_of(const Term& term);

// The values of a list, set or scalar with plus-minus, one term each, labels kept.
std::vector<Term> members(const Term& term);

// Vectors and matrices worked out: 7(1,2) + (0,1) as its components, row by row. Owns the tree it makes.
struct Vector {
  Tree tree;
  std::vector<int> components;
  long columns = 0;  // of matrices; 0: tuples only
};
std::optional<Vector> vector_of(const Term& term);

}  // namespace reckon::verify
