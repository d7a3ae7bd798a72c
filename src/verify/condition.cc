#include "verify/condition.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "verify/reading.h"
#include "verify/shapes.h"
#include "verify/values.h"

#include <reckon/error.h>

namespace reckon::verify {
namespace {

constexpr size_t kMostNodes = 20000;  // of a relation with the answer put in

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw Error(Code::invalid_request,
              fmt::format("the condition \"{}\" {}; write relations on one unknown, such as x^2 - 5x + 6 = 0",
                          text.substr(0, 200), why));
}

// Copies a tree with another one in the place of its symbols.
class Substitution {
 public:
  explicit Substitution(const Term& value) : value_(value) {}

  // The new node, or -1 when the result would be too large.
  int copy(const Term& from) {
    if (tree.size() > kMostNodes) return -1;
    if (from->kind == Node::symbol) return copy(value_);  // a value holds no symbols, a condition only this one
    std::vector<int> children;
    for (int i = 0; i < from->count; ++i)
      if (const int child = copy(from.child(i)); child >= 0) children.push_back(child);
      else return -1;
    return tree.add(from->kind, children, from->name, from->value);
  }
  Tree tree;

 private:
  const Term value_;
};

// -1, 0 or +1 as a is below, equal to or above b; none where that cannot be told or they are not real.
std::optional<int> order(Tree& tree, const Term& a, const Term& b) {
  const Verdict same = same_value(a, b);
  if (same == Verdict::equal) return 0;
  if (same != Verdict::different) return std::nullopt;
  const int difference = tree.add(Node::add, {a.node, tree.add(Node::neg, {b.node})});
  Rational exactly;
  if (exact(tree, difference, a.sign, exactly) == Outcome::value) return exactly.sign() < 0 ? -1 : 1;
  for (const long precision : {64L, 320L, 1280L}) {
    Ball ball;
    if (evaluate(tree, difference, {.precision = precision, .sign = a.sign}, ball) != Outcome::value || !ball.is_real())
      return std::nullopt;
    if (arb_is_negative(ball.real())) return -1;
    if (arb_is_positive(ball.real())) return 1;
  }
  return std::nullopt;
}

// Not a tuple, a set inside a set or another kind of collection, and finite.
bool is_number(const Term& term) { return term->kind < Node::tuple && !has_kind(term, Node::infinity); }

Verdict holds_between(Tree& tree, const Term& a, char sign, const Term& b) {
  const auto verdict = [](bool holds) { return holds ? Verdict::equal : Verdict::different; };
  if (sign == '=' || sign == 'N') {
    const Verdict same = same_value(a, b);
    if (sign == '=' || (same != Verdict::equal && same != Verdict::different)) return same;
    return verdict(same == Verdict::different);
  }
  const std::optional<int> which = order(tree, a, b);
  if (!which) return Verdict::undecided;
  switch (sign) {
    case '<': return verdict(*which < 0);
    case '>': return verdict(*which > 0);
    case 'L': return verdict(*which <= 0);
    default: return verdict(*which >= 0);
  }
}

}  // namespace

struct Condition::Formula {
  Tree tree;
  std::vector<int> relations;

  Verdict holds(const Term& value) const {
    Verdict all = Verdict::equal;
    for (const int node : relations) {
      Substitution put(value);
      const int copy = put.copy({&tree, node, 0});
      if (copy < 0) return Verdict::undecided;
      const Term relation{&put.tree, copy, value.sign};
      const std::string signs = relation->name;
      for (size_t i = 0; i < signs.size(); ++i) {
        const int side = static_cast<int>(i);
        const Verdict one = holds_between(put.tree, relation.child(side), signs[i], relation.child(side + 1));
        if (one == Verdict::different) return one;
        if (one != Verdict::equal) all = one;
      }
    }
    return all;
  }
};

Condition::Condition(std::string_view text) {
  Reading reading = read(text);
  if (!reading.ok()) refuse(text, "is no formula: " + reading.problem);
  auto formula = std::make_unique<Formula>();
  const Term root = reading.term();
  std::vector<Term> parts = {root};
  if (root->kind == Node::list && root->name != "or") {
    parts.clear();
    for (int i = 0; i < root->count; ++i) parts.push_back(root.child(i));
  }
  for (const Term& part : parts) {
    if (part->kind != Node::relation || part->name.find_first_not_of("=<>LGN") != std::string::npos)
      refuse(text, "is not a relation, or several with \"and\" between them");
    formula->relations.push_back(part.node);
  }
  std::set<std::string> unknowns;
  collect_symbols(root, unknowns);
  if (unknowns.size() != 1) refuse(text, unknowns.empty() ? "has no unknown" : "has more than one unknown");
  if (has_kind(root, Node::plus_minus)) refuse(text, "has a plus-minus sign");
  formula->tree = std::move(reading.tree);
  formula_ = std::move(formula);
}

Condition::~Condition() = default;
Condition::Condition(Condition&&) noexcept = default;

Verdict Condition::holds(std::string_view answer) const {
  const Reading reading = read(answer);
  if (!reading.ok()) return Verdict::different;
  const Term value = unlabelled(reading.term());
  std::set<std::string> symbols;
  collect_symbols(value, symbols);
  if (!symbols.empty()) return Verdict::different;
  const std::vector<Term> values = members(value);
  Verdict all = values.empty() ? Verdict::different : Verdict::equal;
  for (const Term& member : values) {
    const Term number = unlabelled(member);
    if (!is_number(number)) return Verdict::different;
    const Verdict one = formula_->holds(number);
    if (one == Verdict::different) return one;
    if (one != Verdict::equal) all = one;
  }
  return all;
}

}  // namespace reckon::verify
