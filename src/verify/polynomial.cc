#include "verify/polynomial.h"

#include <algorithm>
#include <map>
#include <vector>

namespace reckon::verify {
namespace {

constexpr size_t kMostTerms = 256;
constexpr long kHighestPower = 64;

using Powers = std::vector<int>;
using Terms = std::map<Powers, Rational, std::greater<>>;

class Expansion {
 public:
  explicit Expansion(const std::set<std::string>& symbols) : symbols_(symbols.begin(), symbols.end()) {}

  std::optional<Terms> expand(const Term& term) const {
    switch (term->kind) {
      case Node::symbol: {
        Powers powers(symbols_.size(), 0);
        const auto it = std::lower_bound(symbols_.begin(), symbols_.end(), term->name);
        powers[static_cast<size_t>(it - symbols_.begin())] = 1;
        return Terms{{powers, Rational(1)}};
      }
      case Node::add: return sum(term);
      case Node::mul: return product(term);
      case Node::neg: return scaled(expand(term.child(0)), Rational(-1));
      case Node::div: {
        const auto by = constant(term.child(1));
        if (!by || by->is_zero()) return std::nullopt;
        Rational inverse(1);
        fmpq_div(inverse.get(), inverse.get(), by->get());
        return scaled(expand(term.child(0)), inverse);
      }
      case Node::pow: return power(term);
      default: {
        const auto value = constant(term);
        if (!value) return std::nullopt;
        return value->is_zero() ? Terms{} : Terms{{Powers(symbols_.size(), 0), *value}};
      }
    }
  }

  std::string print(const Terms& terms) const {
    std::string out;
    for (const auto& [powers, factor] : terms) {
      std::string letters;
      for (size_t i = 0; i < powers.size(); ++i)
        if (powers[i] > 0)
          letters +=
              (letters.empty() ? "" : "*") + symbols_[i] + (powers[i] > 1 ? "^" + std::to_string(powers[i]) : "");
      std::string number = factor.to_string();
      if (!letters.empty() && (number == "1" || number == "-1")) number.pop_back();
      else if (!letters.empty()) number += "*";
      if (!out.empty() && factor.sign() > 0) out += "+";
      out += number + letters;
    }
    return out.empty() ? "0" : out;
  }

 private:
  static std::optional<Rational> constant(const Term& term) {
    Rational value;
    if (exact(*term.tree, term.node, term.sign, value) != Outcome::value || value.bits() > 2000) return std::nullopt;
    return value;
  }

  static void add(Terms& to, const Powers& powers, const Rational& value) {
    const auto [it, fresh] = to.emplace(powers, value);
    if (fresh) return;
    fmpq_add(it->second.get(), it->second.get(), value.get());
    if (it->second.is_zero()) to.erase(it);
  }

  std::optional<Terms> sum(const Term& term) const {
    Terms total;
    for (int i = 0; i < term->count; ++i) {
      const auto part = expand(term.child(i));
      if (!part) return std::nullopt;
      for (const auto& [powers, value] : *part) add(total, powers, value);
      if (total.size() > kMostTerms) return std::nullopt;
    }
    return total;
  }

  static std::optional<Terms> times(const std::optional<Terms>& a, const std::optional<Terms>& b) {
    if (!a || !b || a->size() * b->size() > 4 * kMostTerms) return std::nullopt;
    Terms out;
    for (const auto& [left, x] : *a)
      for (const auto& [right, y] : *b) {
        Powers powers = left;
        for (size_t i = 0; i < powers.size(); ++i)
          if ((powers[i] += right[i]) > kHighestPower) return std::nullopt;
        Rational value;
        fmpq_mul(value.get(), x.get(), y.get());
        if (value.bits() > 4000) return std::nullopt;
        add(out, powers, value);
      }
    return out.size() > kMostTerms ? std::nullopt : std::optional(std::move(out));
  }

  static std::optional<Terms> scaled(std::optional<Terms> terms, const Rational& by) {
    if (!terms || by.is_zero()) return terms ? std::optional(Terms{}) : std::nullopt;
    for (auto& [powers, value] : *terms) fmpq_mul(value.get(), value.get(), by.get());
    return terms;
  }

  std::optional<Terms> product(const Term& term) const {
    std::optional<Terms> total = expand(term.child(0));
    for (int i = 1; total && i < term->count; ++i) total = times(total, expand(term.child(i)));
    return total;
  }

  std::optional<Terms> power(const Term& term) const {
    const auto up = constant(term.child(1));
    if (const auto whole = constant(term))
      return whole->is_zero() ? Terms{} : Terms{{Powers(symbols_.size(), 0), *whole}};
    if (!up || !up->fits_long() || up->to_long() < 1 || up->to_long() > kHighestPower) return std::nullopt;
    const std::optional<Terms> base = expand(term.child(0));
    std::optional<Terms> out = base;
    for (long i = 1; out && i < up->to_long(); ++i) out = times(out, base);
    return out;
  }

  std::vector<std::string> symbols_;
};

}  // namespace

std::optional<std::string> polynomial_key(const Term& term, const std::set<std::string>& symbols) {
  const Expansion expansion(symbols);
  const auto terms = expansion.expand(term);
  return terms ? std::optional(expansion.print(*terms)) : std::nullopt;
}

}  // namespace reckon::verify
