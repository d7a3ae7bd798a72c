#pragma once
#include <reckon/verifier.h>

#include <set>
#include <string>

#include "verify/ball.h"
#include "verify/expr.h"

namespace reckon::verify {

// A node of a tree, and how plus-minus is to be read in it.
struct Term {
  const Tree* tree = nullptr;
  int node = -1;
  int sign = 0;  // 0: not chosen; then a plus-minus stands for both values
  const Node& operator*() const { return (*tree)[node]; }
  const Node* operator->() const { return &(*tree)[node]; }
  Term child(int i) const { return {tree, tree->child(node, i), sign}; }
};

void collect_symbols(const Term& term, std::set<std::string>& out);
bool has_kind(const Term& term, Node::Kind kind);

// Whether two expressions have the same value: exact for rationals; rigorous error bounds for what differs; for what
// is equal, agreement to at least 180 bits, or at four random points where both are defined.
Verdict same_value(const Term& a, const Term& b);

// Whether a and b differ by a constant factor only (over all points); equations are compared so. `positive`: the factor
// must be above zero, as for inequalities.
Verdict proportional(const Term& a_left, const Term& a_right, const Term& b_left, const Term& b_right, bool positive);

// A key for the value: rationals exactly, other numbers in 20 digits, polynomials expanded, other expressions as their
// values at fixed points.
std::string value_key(const Term& term);

// The same of a number whose error is below 2^-180: p/q where the number is as near to a simple fraction, else 20
// digits.
std::string number_key(const Ball& value);

}  // namespace reckon::verify
