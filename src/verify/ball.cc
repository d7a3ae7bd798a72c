#include "verify/ball.h"

#include <acb_hypgeom.h>
#include <mpfr.h>

#include <functional>

namespace reckon::verify {

bool Ball::sharp(long bits) const {
  mag_t bound, one;
  mag_init(bound);
  mag_init_set_arf(one, arb_midref(acb_realref(z_)));
  mag_t other;
  mag_init_set_arf(other, arb_midref(acb_imagref(z_)));
  if (mag_cmp(one, other) < 0) mag_swap(one, other);
  if (mag_cmp_2exp_si(one, 0) < 0) mag_one(one);
  mag_mul_2exp_si(bound, one, -bits);
  const bool ok = acb_is_finite(z_) && mag_cmp(arb_radref(acb_realref(z_)), bound) < 0 &&
                  mag_cmp(arb_radref(acb_imagref(z_)), bound) < 0;
  mag_clear(bound);
  mag_clear(one);
  mag_clear(other);
  return ok;
}

namespace {

constexpr int kMostGammas = 16;  // of one evaluation: they are slow

class Evaluation {
 public:
  Evaluation(const Tree& tree, const Setting& setting) : tree_(tree), at_(setting) {}

  Outcome node(int index, Ball& out) {
    const Outcome result = raw(index, out);
    if (result == Outcome::value && !acb_is_finite(out.get())) return Outcome::undefined;
    return result;
  }

 private:
  Outcome raw(int index, Ball& out) {
    const Node& n = tree_[index];
    const long precision = at_.precision;
    switch (n.kind) {
      case Node::number: acb_set_fmpq(out.get(), n.value.get(), precision); return Outcome::value;
      case Node::pi: acb_const_pi(out.get(), precision); return Outcome::value;
      case Node::euler:
        arb_const_e(acb_realref(out.get()), precision);
        arb_zero(acb_imagref(out.get()));
        return Outcome::value;
      case Node::imaginary: acb_onei(out.get()); return Outcome::value;
      case Node::symbol: return symbol(n, out);
      case Node::add:
      case Node::mul: return many(index, out);
      case Node::neg: {
        const Outcome result = node(tree_.child(index, 0), out);
        acb_neg(out.get(), out.get());
        return result;
      }
      case Node::div: {
        Ball below;
        const Outcome result = pair(index, out, below);
        if (result != Outcome::value) return result;
        if (below.zero_inside()) return Outcome::undefined;
        acb_div(out.get(), out.get(), below.get(), precision);
        return Outcome::value;
      }
      case Node::pow: return power(index, out);
      case Node::plus_minus: {
        Ball b;
        const Outcome result = pair(index, out, b);
        const bool plus = (n.name == "+") == (at_.sign > 0);
        plus ? acb_add(out.get(), out.get(), b.get(), precision) : acb_sub(out.get(), out.get(), b.get(), precision);
        return result;
      }
      case Node::unit: return unit(index, out);
      case Node::call: return call(index, out);
      default: return rational(index, out);
    }
  }

  Outcome rational(int index, Ball& out) {
    Rational value;
    const Outcome result = exact(tree_, index, at_.sign, value);
    if (result == Outcome::value) acb_set_fmpq(out.get(), value.get(), at_.precision);
    return result;
  }

  Outcome symbol(const Node& n, Ball& out) const {
    if (!at_.point) return Outcome::unsupported;
    const auto it = at_.point->find(n.name);
    if (it == at_.point->end()) return Outcome::unsupported;
    acb_set_fmpq(out.get(), it->second.get(), at_.precision);
    return Outcome::value;
  }

  Outcome many(int index, Ball& out) {
    const bool sum = tree_[index].kind == Node::add;
    bool first = true;
    Ball part;
    for (const int child : tree_.children(index)) {
      const Outcome result = node(child, first ? out : part);
      if (result != Outcome::value) return result;
      if (first) first = false;
      else if (sum) acb_add(out.get(), out.get(), part.get(), at_.precision);
      else acb_mul(out.get(), out.get(), part.get(), at_.precision);
    }
    return Outcome::value;
  }

  Outcome pair(int index, Ball& a, Ball& b) {
    const Outcome first = node(tree_.child(index, 0), a);
    return first == Outcome::value ? node(tree_.child(index, 1), b) : first;
  }

  Outcome unit(int index, Ball& out) {
    const Outcome result = node(tree_.child(index, 0), out);
    const std::string& name = tree_[index].name;
    if (name == "%") acb_div_ui(out.get(), out.get(), 100, at_.precision);
    if (name == "degree" && in_angle_) {
      Ball pi;
      acb_const_pi(pi.get(), at_.precision);
      acb_mul(out.get(), out.get(), pi.get(), at_.precision);
      acb_div_ui(out.get(), out.get(), 180, at_.precision);
    }
    return result;
  }

  static bool below(const Ball& z, long bits) {
    arf_t bound;
    arf_init(bound);
    mag_t size;
    mag_init(size);
    acb_get_mag(size, z.get());
    arf_set_mag(bound, size);
    const bool ok = arf_cmpabs_2exp_si(bound, bits) < 0;
    mag_clear(size);
    arf_clear(bound);
    return ok;
  }
  static bool negative(const Ball& z) { return arb_is_negative(z.real()) != 0; }

  Outcome power(int index, Ball& out) {
    const int base_node = tree_.child(index, 0), up_node = tree_.child(index, 1);
    Rational up;
    const Outcome whole = exact(tree_, up_node, at_.sign, up);
    if (whole == Outcome::beyond || whole == Outcome::undefined) return whole;
    const Outcome result = node(base_node, out);
    if (result != Outcome::value) return result;
    if (whole == Outcome::value && up.is_integer()) {
      if (!up.fits_long() || std::labs(up.to_long()) > 20000 || !below(out, 4096)) return Outcome::beyond;
      if (up.sign() <= 0 && out.zero_inside()) return Outcome::undefined;
      acb_pow_si(out.get(), out.get(), up.to_long(), at_.precision);
      return Outcome::value;
    }
    if (!at_.complex && !arb_is_nonnegative(out.real())) return Outcome::undefined;
    if (out.zero_inside()) return Outcome::undefined;
    Ball exponent;
    const Outcome second = node(up_node, exponent);
    if (second != Outcome::value) return second;
    acb_log(out.get(), out.get(), at_.precision);
    acb_mul(out.get(), out.get(), exponent.get(), at_.precision);
    return exponential(out);
  }

  Outcome exponential(Ball& z) const {
    if (!below(z, 16)) return Outcome::beyond;
    acb_exp(z.get(), z.get(), at_.precision);
    return Outcome::value;
  }

  Outcome root(Ball& z, long degree) const {
    if (degree < 2 || degree > 1000) return Outcome::beyond;
    if (negative(z) && z.is_real() && degree % 2 == 1 && !at_.complex) {
      acb_neg(z.get(), z.get());
      acb_root_ui(z.get(), z.get(), static_cast<ulong>(degree), at_.precision);
      acb_neg(z.get(), z.get());
      return Outcome::value;
    }
    if (!at_.complex && negative(z)) return Outcome::undefined;
    if (!at_.complex && z.zero_inside()) {
      if (acb_is_zero(z.get())) return Outcome::value;
      return Outcome::undefined;
    }
    degree == 2 ? acb_sqrt(z.get(), z.get(), at_.precision)
                : acb_root_ui(z.get(), z.get(), static_cast<ulong>(degree), at_.precision);
    return Outcome::value;
  }

  Outcome call(int index, Ball& out) {
    const Node& n = tree_[index];
    const std::string& name = n.name;
    if (n.count == 2 && name == "root") {
      Rational degree;
      if (exact(tree_, tree_.child(index, 1), at_.sign, degree) != Outcome::value || !degree.fits_long())
        return Outcome::unsupported;
      const Outcome result = node(tree_.child(index, 0), out);
      return result == Outcome::value ? root(out, degree.to_long()) : result;
    }
    if (name == "max" || name == "min") return extreme(index, out);
    if (at_.point && (name == "factorial" || (name == "binom" && n.count == 2))) return gammas(index, out);
    if (n.count != 1 || name == "det" || name == "factorial" || name == "factorial2" || name == "gcd" || name == "lcm")
      return rational(index, out);
    const bool outer = in_angle_;
    in_angle_ = name.size() == 3 &&
                (name == "sin" || name == "cos" || name == "tan" || name == "cot" || name == "sec" || name == "csc");
    const Outcome result = node(tree_.child(index, 0), out);
    in_angle_ = outer;
    if (result != Outcome::value) return result;
    return apply(name, out);
  }

  // n! and binomials of variables, by the gamma function.
  Outcome gammas(int index, Ball& out) {
    Ball top, bottom;
    const Outcome result = tree_[index].count == 2 ? pair(index, top, bottom) : node(tree_.child(index, 0), top);
    if (result != Outcome::value) return result;
    if (++gammas_ > kMostGammas || !below(top, 10) || !below(bottom, 10)) return Outcome::beyond;
    const auto factorial = [&](Ball& z) {
      acb_add_ui(z.get(), z.get(), 1, at_.precision);
      acb_gamma(z.get(), z.get(), at_.precision);
    };
    if (tree_[index].count == 2) {
      Ball rest;
      acb_sub(rest.get(), top.get(), bottom.get(), at_.precision);
      factorial(bottom);
      factorial(rest);
      acb_mul(bottom.get(), bottom.get(), rest.get(), at_.precision);
      if (bottom.zero_inside()) return Outcome::undefined;
    }
    factorial(top);
    if (tree_[index].count == 2) acb_div(out.get(), top.get(), bottom.get(), at_.precision);
    else acb_set(out.get(), top.get());
    return Outcome::value;
  }

  Outcome extreme(int index, Ball& out) {
    const bool largest = tree_[index].name == "max";
    bool first = true;
    Ball part;
    for (const int child : tree_.children(index)) {
      const Outcome result = node(child, first ? out : part);
      if (result != Outcome::value) return result;
      if (!arb_is_zero((first ? out : part).imaginary())) return Outcome::undefined;
      if (!std::exchange(first, false))
        largest ? arb_max(out.real(), out.real(), part.real(), at_.precision)
                : arb_min(out.real(), out.real(), part.real(), at_.precision);
    }
    return first ? Outcome::unsupported : Outcome::value;
  }

  Outcome apply(const std::string& name, Ball& z) const {
    const long p = at_.precision;
    if (name == "sqrt") return root(z, 2);
    if (name == "cbrt") return root(z, 3);
    if (name == "abs") {
      acb_abs(z.real(), z.get(), p);
      arb_zero(acb_imagref(z.get()));
      return Outcome::value;
    }
    if (name == "exp") return exponential(z);
    if (name == "ln" || name == "log" || name == "log10" || name == "lg") return logarithm(name, z);
    if (!below(z, 40)) return Outcome::beyond;
    using Function = void (*)(acb_t, const acb_t, slong);
    static const std::map<std::string, Function, std::less<>> kFunctions = {
        {"sin", acb_sin},   {"cos", acb_cos},     {"tan", acb_tan},     {"cot", acb_cot},
        {"sec", acb_sec},   {"csc", acb_csc},     {"asin", acb_asin},   {"acos", acb_acos},
        {"atan", acb_atan}, {"sinh", acb_sinh},   {"cosh", acb_cosh},   {"tanh", acb_tanh},
        {"coth", acb_coth}, {"asinh", acb_asinh}, {"acosh", acb_acosh}, {"atanh", acb_atanh}};
    const auto it = kFunctions.find(name);
    if (name == "acot" && arb_is_positive(z.real()) && z.is_real()) {  // conventions differ below zero
      acb_inv(z.get(), z.get(), p);
      acb_atan(z.get(), z.get(), p);
      return Outcome::value;
    }
    if (it == kFunctions.end()) return whole_part(name, z);
    if ((name.ends_with("h") || !z.is_real()) && !below(z, 14)) return Outcome::beyond;
    const bool was_real = arb_is_zero(z.imaginary()) != 0;
    it->second(z.get(), z.get(), p);
    if (!at_.complex && was_real && !arb_contains_zero(z.imaginary())) return Outcome::undefined;
    return Outcome::value;
  }

  Outcome logarithm(const std::string& name, Ball& z) const {
    if (z.zero_inside() || (!at_.complex && !arb_is_positive(z.real()))) return Outcome::undefined;
    acb_log(z.get(), z.get(), at_.precision);
    if (name == "log10" || name == "lg") {
      Ball ten;
      acb_set_ui(ten.get(), 10);
      acb_log(ten.get(), ten.get(), at_.precision);
      acb_div(z.get(), z.get(), ten.get(), at_.precision);
    }
    return Outcome::value;
  }

  Outcome whole_part(const std::string& name, Ball& z) const {
    if (!arb_is_zero(z.imaginary())) return Outcome::unsupported;
    if (name == "floor") arb_floor(z.real(), z.real(), at_.precision);
    else if (name == "ceil") arb_ceil(z.real(), z.real(), at_.precision);
    else if (name == "sgn") arb_sgn(z.real(), z.real());
    else return Outcome::unsupported;
    return Outcome::value;
  }

  const Tree& tree_;
  const Setting& at_;
  bool in_angle_ = false;
  int gammas_ = 0;
};

}  // namespace

Outcome evaluate(const Tree& tree, int node, const Setting& setting, Ball& out) {
  // FLINT and Arb cache constants for every thread that uses them; this frees the caches when the thread ends.
  struct Caches {
    ~Caches() { flint_cleanup(); }
    void touch() const {}
  };
  static thread_local const Caches caches;
  caches.touch();
  return Evaluation(tree, setting).node(node, out);
}

}  // namespace reckon::verify
