#include "verify/values.h"

#include <array>
#include <memory>

#include <optional>

#include "base/rng.h"
#include "verify/polynomial.h"

namespace reckon::verify {
namespace {

constexpr uint64_t kSeed = 0x5eed;
constexpr int kPointsTried = 24;
constexpr int kPointsWanted = 4;

// Random rationals; the kind of region depends on the attempt, so that domains of roots and logarithms are met and
// signs tell |x| from x.
Point random_point(const std::set<std::string>& symbols, int attempt) {
  struct Range {
    int low, high;  // in 64ths
  };
  static constexpr std::array<Range, 8> kRanges = {
      {{13, 128}, {-128, -13}, {70, 200}, {-128, 128}, {1, 63}, {-320, 320}, {128, 640}, {-640, -128}}};
  const Range range = kRanges[static_cast<size_t>(attempt) % kRanges.size()];
  Point point;
  Rng rng(kSeed, static_cast<uint64_t>(attempt) * 64);
  for (const std::string& symbol : symbols) {
    long value = range.low + static_cast<long>(rng.below(static_cast<uint64_t>(range.high - range.low)));
    if (value == 0) value = 7;
    Rational coordinate(value);
    fmpq_div(coordinate.get(), coordinate.get(), Rational(61).get());
    point.emplace(symbol, std::move(coordinate));
  }
  return point;
}

Outcome number(const Term& term, long precision, bool complex, Ball& out) {
  const Setting setting{nullptr, precision, complex, term.sign};
  return evaluate(*term.tree, term.node, setting, out);
}

Verdict same_number(const Term& a, const Term& b) {
  Rational p, q;
  const Outcome first = exact(*a.tree, a.node, a.sign, p), second = exact(*b.tree, b.node, b.sign, q);
  if (first == Outcome::value && second == Outcome::value) return p == q ? Verdict::equal : Verdict::different;
  if (first == Outcome::beyond || second == Outcome::beyond) return Verdict::undecided;
  if (first == Outcome::undefined || second == Outcome::undefined) return Verdict::different;
  const bool complex = has_kind(a, Node::imaginary) || has_kind(b, Node::imaginary);
  for (const long precision : {64L, 320L, 1280L}) {
    Ball x, y;
    Outcome left = number(a, precision, complex, x), right = number(b, precision, complex, y);
    if (!complex && (left == Outcome::undefined || right == Outcome::undefined)) {
      left = number(a, precision, true, x);
      right = number(b, precision, true, y);
    }
    if (left == Outcome::unsupported || right == Outcome::unsupported) return Verdict::undecided;
    if (left == Outcome::beyond || right == Outcome::beyond) return Verdict::undecided;
    if (left == Outcome::undefined || right == Outcome::undefined) {
      if (precision > 1000) return Verdict::different;
      continue;
    }
    if (x.apart(y)) return Verdict::different;
    if (x.sharp(180) && y.sharp(180)) return Verdict::equal;
  }
  return Verdict::undecided;
}

// Both values at one point; none where either is undefined there.
std::optional<std::pair<Ball, Ball>> both_at(const Term& a, const Term& b, const Point& point, bool complex,
                                             Outcome& worst) {
  std::pair<Ball, Ball> out;
  const Setting left{&point, 128, complex, a.sign}, right{&point, 128, complex, b.sign};
  worst = evaluate(*a.tree, a.node, left, out.first);
  if (worst != Outcome::value) return std::nullopt;
  worst = evaluate(*b.tree, b.node, right, out.second);
  if (worst != Outcome::value) return std::nullopt;
  return out;
}

Verdict same_function(const Term& a, const Term& b, const std::set<std::string>& symbols) {
  const bool complex = has_kind(a, Node::imaginary) || has_kind(b, Node::imaginary);
  int agreed = 0;
  for (int attempt = 0; attempt < kPointsTried && agreed < kPointsWanted; ++attempt) {
    Outcome outcome;
    const auto values = both_at(a, b, random_point(symbols, attempt), complex, outcome);
    if (outcome == Outcome::unsupported || (outcome == Outcome::beyond && attempt > 8)) return Verdict::undecided;
    if (!values) continue;
    if (values->first.apart(values->second)) return Verdict::different;
    if (values->first.sharp(50) && values->second.sharp(50) && ++agreed == 1)
      if (const auto p = polynomial_key(a, symbols))
        if (const auto q = polynomial_key(b, symbols)) return p == q ? Verdict::equal : Verdict::different;
  }
  return agreed >= kPointsWanted ? Verdict::equal : Verdict::undecided;
}

}  // namespace

void collect_symbols(const Term& term, std::set<std::string>& out) {
  if (term->kind == Node::symbol) out.insert(term->name);
  for (int i = 0; i < term->count; ++i) collect_symbols(term.child(i), out);
}

bool has_kind(const Term& term, Node::Kind kind) {
  if (term->kind == kind) return true;
  for (int i = 0; i < term->count; ++i)
    if (has_kind(term.child(i), kind)) return true;
  return false;
}

Verdict same_value(const Term& a, const Term& b) {
  if (a->kind == Node::number && b->kind == Node::number)
    return a->value == b->value ? Verdict::equal : Verdict::different;
  const auto infinite = [](const Term& t) {
    return t->kind == Node::infinity ? 1 : t->kind == Node::neg && t.child(0)->kind == Node::infinity ? -1 : 0;
  };
  if (infinite(a) || infinite(b)) return infinite(a) == infinite(b) ? Verdict::equal : Verdict::different;
  std::set<std::string> symbols;
  collect_symbols(a, symbols);
  collect_symbols(b, symbols);
  if (symbols.empty()) return same_number(a, b);
  if (symbols.size() > 40) return Verdict::undecided;
  return same_function(a, b, symbols);
}

Verdict proportional(const Term& a_left, const Term& a_right, const Term& b_left, const Term& b_right, bool positive) {
  std::set<std::string> symbols;
  for (const Term* term : {&a_left, &a_right, &b_left, &b_right}) collect_symbols(*term, symbols);
  if (symbols.empty() || symbols.size() > 40) return Verdict::undecided;
  Ball first_a, first_b;
  int agreed = 0;
  for (int attempt = 0; attempt < kPointsTried && agreed < kPointsWanted; ++attempt) {
    const Point point = random_point(symbols, attempt);
    Outcome outcome;
    const auto a = both_at(a_left, a_right, point, false, outcome);
    if (outcome == Outcome::unsupported) return Verdict::undecided;
    const auto b = a ? both_at(b_left, b_right, point, false, outcome) : std::nullopt;
    if (outcome == Outcome::unsupported) return Verdict::undecided;
    if (!b) continue;
    Ball f, g;
    acb_sub(f.get(), a->first.get(), a->second.get(), 128);
    acb_sub(g.get(), b->first.get(), b->second.get(), 128);
    if (f.zero_inside() != g.zero_inside()) return Verdict::different;
    if (f.zero_inside()) continue;
    if (positive && arb_is_negative(f.real()) != arb_is_negative(g.real())) return Verdict::different;
    if (agreed == 0) {
      first_a = f;
      first_b = g;
    } else {
      acb_mul(f.get(), f.get(), first_b.get(), 128);
      acb_mul(g.get(), g.get(), first_a.get(), 128);
      if (f.apart(g)) return Verdict::different;
    }
    ++agreed;
  }
  return agreed >= kPointsWanted ? Verdict::equal : Verdict::undecided;
}

namespace {

std::string real_key(arb_srcptr value, int digits) {
  if (arb_contains_zero(value)) return "0";
  const std::unique_ptr<char, decltype(&flint_free)> text(arb_get_str(value, digits, ARB_STR_NO_RADIUS), &flint_free);
  return text.get();
}

std::string ball_key(const Ball& value, int digits) {
  const std::string real = real_key(value.real(), digits);
  if (arb_contains_zero(value.imaginary())) return real;
  return "(" + real + "," + real_key(value.imaginary(), digits) + ")";
}

// A real that is rational, numerator and denominator below 120 bits together, as far as 180 binary places tell: then it
// is a convergent of the value's continued fraction.
std::optional<Rational> simple_rational(const Ball& value) {
  constexpr long kPlaces = 200, kSure = 180;
  if (!arb_contains_zero(value.imaginary())) return std::nullopt;
  const arf_struct* middle = arb_midref(value.real());
  if (arf_is_zero(middle)) return Rational(0);
  if (arf_cmpabs_2exp_si(middle, 100) >= 0 || arf_cmpabs_2exp_si(middle, -100) <= 0) return std::nullopt;
  Rational now(1), before(0), rest, quotient;  // used as pairs of integers, not in lowest terms
  fmpz *p = fmpq_numref(now.get()), *q = fmpq_denref(now.get());
  fmpz *p_before = fmpq_numref(before.get()), *q_before = fmpq_denref(before.get());
  fmpz *top = fmpq_numref(rest.get()), *bottom = fmpq_denref(rest.get());
  fmpz_zero(q);
  arf_get_fmpz_fixed_si(top, middle, -kPlaces);
  fmpz_set_ui(bottom, 1);
  fmpz_mul_2exp(bottom, bottom, kPlaces);
  for (;;) {
    fmpz_fdiv_qr(fmpq_numref(quotient.get()), top, top, bottom);
    fmpz_swap(top, bottom);
    fmpz_addmul(p_before, fmpq_numref(quotient.get()), p);
    fmpz_addmul(q_before, fmpq_numref(quotient.get()), q);
    fmpz_swap(p, p_before);
    fmpz_swap(q, q_before);
    if (fmpz_bits(p) + fmpz_bits(q) >= 120) return std::nullopt;
    // The value is bottom / (q 2^kPlaces) away from p / q.
    if (fmpz_bits(bottom) < fmpz_bits(q) + (kPlaces - kSure)) return now;
  }
}

}  // namespace

std::string number_key(const Ball& value) {
  const auto simple = simple_rational(value);
  return simple ? simple->to_string() : ball_key(value, 20);
}

std::string value_key(const Term& term) {
  if (term->kind == Node::infinity) return "infinity";
  if (term->kind == Node::neg && term.child(0)->kind == Node::infinity) return "-infinity";
  Rational value;
  const Outcome outcome = exact(*term.tree, term.node, term.sign, value);
  if (outcome == Outcome::value) return value.to_string();
  if (outcome == Outcome::beyond || outcome == Outcome::undefined) return {};
  std::set<std::string> symbols;
  collect_symbols(term, symbols);
  const bool complex = has_kind(term, Node::imaginary);
  if (symbols.empty()) {
    Ball ball;
    Outcome result = number(term, 320, complex, ball);
    if (result == Outcome::undefined && !complex) result = number(term, 320, true, ball);
    if (result != Outcome::value || !ball.sharp(180)) return {};
    return number_key(ball);
  }
  if (symbols.size() > 40) return {};
  if (const auto polynomial = polynomial_key(term, symbols)) return *polynomial;
  std::string key = "f";
  for (const std::string& symbol : symbols) key += (key.size() == 1 ? "(" : ",") + symbol;
  key += "):";
  int defined = 0;
  for (int attempt = 0; attempt < kPointsTried && defined < 2; ++attempt) {
    if (attempt % 8 != 0 && attempt % 8 != 2 && attempt % 8 != 4 && attempt % 8 != 6) continue;  // positive points
    const Point point = random_point(symbols, attempt);
    Ball ball;
    const Setting setting{&point, 192, complex, term.sign};
    const Outcome result = evaluate(*term.tree, term.node, setting, ball);
    if (result == Outcome::unsupported || result == Outcome::beyond) return {};
    if (result != Outcome::value || !ball.sharp(80)) continue;
    key += (defined++ ? ";" : "") + ball_key(ball, 12);
  }
  return defined == 2 ? key : std::string();
}

}  // namespace reckon::verify
