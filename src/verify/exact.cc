#include "verify/exact.h"

#include <flint/arith.h>
#include <flint/fmpz.h>

#include <algorithm>
#include <cstdlib>

namespace reckon::verify {
namespace {

constexpr size_t kMostBits = 40000;
constexpr long kLargestFactorial = 1000;
constexpr long kLargestMatrix = 6;

class Exact {
 public:
  Exact(const Tree& tree, int sign) : tree_(tree), sign_(sign) {}

  Outcome evaluate(int node, Rational& out) {
    const Node& n = tree_[node];
    switch (n.kind) {
      case Node::number: out = n.value; return Outcome::value;
      case Node::based: return based(n, out);
      case Node::add:
      case Node::mul: return many(node, out);
      case Node::neg: {
        const Outcome result = evaluate(tree_.child(node, 0), out);
        if (result == Outcome::value) fmpq_neg(out.get(), out.get());
        return result;
      }
      case Node::div: return quotient(node, out);
      case Node::pow: return power(node, out);
      case Node::plus_minus: return plus_minus(node, out);
      case Node::unit: {
        const Outcome result = evaluate(tree_.child(node, 0), out);
        if (n.name == "%" && result == Outcome::value) fmpq_div(out.get(), out.get(), Rational(100).get());
        return result;
      }
      case Node::call: return call(node, out);
      default: return Outcome::unsupported;
    }
  }

 private:
  static Outcome limited(const Rational& value) { return value.bits() > kMostBits ? Outcome::beyond : Outcome::value; }

  static Outcome based(const Node& n, Rational& out) {
    const long base = n.value.to_long();
    if (base < 2 || base > 36) return Outcome::undefined;
    for (const char c : n.name) {
      const int digit = c >= 'a' ? c - 'a' + 10 : c - '0';
      if (digit < 0 || digit >= base) return Outcome::undefined;
    }
    out = Rational::in_base(n.name, static_cast<int>(base));
    return Outcome::value;
  }

  Outcome many(int node, Rational& out) {
    const bool sum = tree_[node].kind == Node::add;
    Rational total(sum ? 0 : 1), part;
    for (const int child : tree_.children(node)) {
      const Outcome result = evaluate(child, part);
      if (result != Outcome::value) return result;
      sum ? fmpq_add(total.get(), total.get(), part.get()) : fmpq_mul(total.get(), total.get(), part.get());
      if (total.bits() > kMostBits) return Outcome::beyond;
    }
    out = std::move(total);
    return Outcome::value;
  }

  Outcome pair(int node, Rational& a, Rational& b) {
    const Outcome first = evaluate(tree_.child(node, 0), a);
    return first == Outcome::value ? evaluate(tree_.child(node, 1), b) : first;
  }

  Outcome quotient(int node, Rational& out) {
    Rational below;
    const Outcome result = pair(node, out, below);
    if (result != Outcome::value) return result;
    if (below.is_zero()) return Outcome::undefined;
    fmpq_div(out.get(), out.get(), below.get());
    return limited(out);
  }

  Outcome plus_minus(int node, Rational& out) {
    Rational b;
    const Outcome result = pair(node, out, b);
    if (result != Outcome::value) return result;
    const bool plus = (tree_[node].name == "+") == (sign_ > 0);
    plus ? fmpq_add(out.get(), out.get(), b.get()) : fmpq_sub(out.get(), out.get(), b.get());
    return Outcome::value;
  }

  Outcome power(int node, Rational& out) {
    Rational base, up;
    const Outcome result = pair(node, base, up);
    if (result != Outcome::value) return result;
    if (!up.is_integer()) {
      if (!fmpz_fits_si(fmpq_denref(up.get()))) return Outcome::unsupported;
      const long degree = fmpz_get_si(fmpq_denref(up.get()));
      if (base.sign() < 0 || !root(base, degree)) return Outcome::unsupported;
      fmpz_one(fmpq_denref(up.get()));
    }
    return integer_power(base, up, out);
  }

  static Outcome integer_power(const Rational& base, const Rational& up, Rational& out) {
    if (base.is_zero()) {
      if (up.sign() <= 0) return Outcome::undefined;
      out = Rational(0);
      return Outcome::value;
    }
    if (base.is_one()) {
      out = Rational(1);
      return Outcome::value;
    }
    if (!up.fits_long() || std::labs(up.to_long()) > static_cast<long>(kMostBits)) return Outcome::beyond;
    if (base.bits() * static_cast<size_t>(std::labs(up.to_long())) > kMostBits) return Outcome::beyond;
    fmpq_pow_si(out.get(), base.get(), up.to_long());
    return Outcome::value;
  }

  // Takes the root where it is rational.
  static bool root(Rational& value, long degree) {
    if (degree < 1 || degree > 64 || (value.sign() < 0 && degree % 2 == 0)) return false;
    Rational r;
    const bool top = fmpz_root(fmpq_numref(r.get()), fmpq_numref(value.get()), degree) != 0;
    const bool bottom = fmpz_root(fmpq_denref(r.get()), fmpq_denref(value.get()), degree) != 0;
    if (!top || !bottom) return false;
    value = std::move(r);
    return true;
  }

  Outcome call(int node, Rational& out) {
    const std::string& name = tree_[node].name;
    const int count = tree_[node].count;
    if (name == "det") return determinant(tree_.child(node, 0), out);
    if (name == "gcd" || name == "lcm" || name == "max" || name == "min") return fold(node, out);
    if (count == 2 && (name == "root" || name == "binom")) {
      Rational b;
      const Outcome result = pair(node, out, b);
      if (result != Outcome::value) return result;
      if (!b.fits_long()) return Outcome::beyond;
      if (name == "root") return root(out, b.to_long()) ? Outcome::value : Outcome::unsupported;
      return binomial(out, b.to_long());
    }
    if (count != 1) return Outcome::unsupported;
    const bool known = name == "sqrt" || name == "cbrt" || name == "abs" || name == "floor" || name == "ceil" ||
                       name == "factorial" || name == "factorial2" || name == "sgn";
    if (!known) return Outcome::unsupported;
    const Outcome result = evaluate(tree_.child(node, 0), out);
    if (result != Outcome::value) return result;
    if (name == "sqrt") return root(out, 2) ? Outcome::value : Outcome::unsupported;
    if (name == "cbrt") return root(out, 3) ? Outcome::value : Outcome::unsupported;
    if (name == "factorial") return factorial(out);
    if (name == "factorial2") return double_factorial(out);
    if (name == "abs") fmpq_abs(out.get(), out.get());
    else if (name == "sgn") out = Rational(out.sign());
    else round(out, name == "floor");
    return Outcome::value;
  }

  static void round(Rational& value, bool down) {
    Rational whole;
    if (down) fmpz_fdiv_q(fmpq_numref(whole.get()), fmpq_numref(value.get()), fmpq_denref(value.get()));
    else fmpz_cdiv_q(fmpq_numref(whole.get()), fmpq_numref(value.get()), fmpq_denref(value.get()));
    value = std::move(whole);
  }

  static Outcome factorial(Rational& value) {
    if (!value.is_integer() || value.sign() < 0) return Outcome::undefined;
    if (!value.fits_long() || value.to_long() > kLargestFactorial) return Outcome::beyond;
    const long n = value.to_long();
    fmpz_fac_ui(fmpq_numref(value.get()), static_cast<ulong>(n));
    return Outcome::value;
  }

  // 7!! = 7 * 5 * 3
  static Outcome double_factorial(Rational& value) {
    if (!value.is_integer() || value.sign() < 0) return Outcome::undefined;
    if (!value.fits_long() || value.to_long() > kLargestFactorial) return Outcome::beyond;
    const long n = value.to_long();
    value = Rational(1);
    for (long k = n; k > 1; k -= 2) fmpz_mul_si(fmpq_numref(value.get()), fmpq_numref(value.get()), k);
    return Outcome::value;
  }

  static Outcome binomial(Rational& n, long k) {
    if (!n.is_integer() || n.sign() < 0 || k < 0) return Outcome::undefined;
    if (!n.fits_long() || n.to_long() > 4 * kLargestFactorial) return Outcome::beyond;
    const long top = n.to_long();
    fmpz_bin_uiui(fmpq_numref(n.get()), static_cast<ulong>(top), static_cast<ulong>(k));
    return Outcome::value;
  }

  Outcome fold(int node, Rational& out) {
    const std::string& name = tree_[node].name;
    bool first = true;
    Rational part;
    for (const int child : tree_.children(node)) {
      const Outcome result = evaluate(child, part);
      if (result != Outcome::value) return result;
      const bool whole = name == "gcd" || name == "lcm";
      if (whole && !part.is_integer()) return Outcome::undefined;
      if (std::exchange(first, false)) out = part;
      else if (name == "max") out = out < part ? part : out;
      else if (name == "min") out = part < out ? part : out;
      else if (name == "gcd") fmpz_gcd(fmpq_numref(out.get()), fmpq_numref(out.get()), fmpq_numref(part.get()));
      else fmpz_lcm(fmpq_numref(out.get()), fmpq_numref(out.get()), fmpq_numref(part.get()));
      if (out.bits() > kMostBits) return Outcome::beyond;
    }
    return first ? Outcome::unsupported : Outcome::value;
  }

  // By cofactors along the first row; at most 6 x 6.
  Outcome determinant(int matrix, Rational& out) {
    const Node& m = tree_[matrix];
    if (m.kind != Node::matrix) return Outcome::unsupported;
    const long size = m.value.to_long();
    if (size > kLargestMatrix || size * size != m.count)
      return size > kLargestMatrix ? Outcome::beyond : Outcome::undefined;
    std::vector<Rational> cells(static_cast<size_t>(m.count));
    for (int i = 0; i < m.count; ++i) {
      const Outcome result = evaluate(tree_.child(matrix, i), cells[static_cast<size_t>(i)]);
      if (result != Outcome::value) return result;
    }
    std::vector<size_t> columns(static_cast<size_t>(size));
    for (size_t i = 0; i < columns.size(); ++i) columns[i] = i;
    out = minor(cells, columns, 0, static_cast<size_t>(size));
    return Outcome::value;
  }

  static Rational minor(const std::vector<Rational>& cells, const std::vector<size_t>& columns, size_t row,
                        size_t size) {
    if (columns.empty()) return Rational(1);
    Rational total;
    for (size_t i = 0; i < columns.size(); ++i) {
      std::vector<size_t> rest = columns;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      Rational part = minor(cells, rest, row + 1, size);
      fmpq_mul(part.get(), part.get(), cells[row * size + columns[i]].get());
      i % 2 == 0 ? fmpq_add(total.get(), total.get(), part.get()) : fmpq_sub(total.get(), total.get(), part.get());
    }
    return total;
  }

  const Tree& tree_;
  int sign_;
};

}  // namespace

Outcome exact(const Tree& tree, int node, int sign, Rational& out) { return Exact(tree, sign).evaluate(node, out); }

}  // namespace reckon::verify
