#include "verify/real_set.h"

#include <algorithm>

namespace reckon::verify {
namespace {

constexpr long kPrecision = 256;
constexpr size_t kMostPieces = 200;

int compare(const End& a, const End& b) {
  if (a.infinite || b.infinite) return a.infinite - b.infinite;
  if (!a.value.apart(b.value)) return 0;
  return arb_lt(a.value.real(), b.value.real()) ? -1 : 1;
}

End infinite(int sign) {
  End end;
  end.infinite = sign;
  end.key = sign < 0 ? "-infinity" : "infinity";
  return end;
}

Piece everything() { return {infinite(-1), infinite(1), false, false}; }

bool empty(const Piece& p) {
  const int order = compare(p.low, p.high);
  return order > 0 || (order == 0 && !(p.low_closed && p.high_closed));
}

// Sorts and joins pieces that touch.
RealSet normal(std::vector<Piece> pieces) {
  std::erase_if(pieces, empty);
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    const int order = compare(a.low, b.low);
    return order < 0 || (order == 0 && a.low_closed && !b.low_closed);
  });
  RealSet out;
  for (Piece& piece : pieces) {
    if (!out.pieces.empty()) {
      Piece& last = out.pieces.back();
      const int gap = compare(last.high, piece.low);
      if (gap > 0 || (gap == 0 && (last.high_closed || piece.low_closed))) {
        const int reach = compare(last.high, piece.high);
        if (reach < 0) {
          last.high = piece.high;
          last.high_closed = piece.high_closed;
        } else if (reach == 0) {
          last.high_closed = last.high_closed || piece.high_closed;
        }
        continue;
      }
    }
    out.pieces.push_back(std::move(piece));
  }
  return out;
}

RealSet intersection(const RealSet& a, const RealSet& b) {
  std::vector<Piece> out;
  for (const Piece& x : a.pieces)
    for (const Piece& y : b.pieces) {
      if (out.size() > kMostPieces) break;
      Piece both;
      const int low = compare(x.low, y.low), high = compare(x.high, y.high);
      both.low = low > 0 ? x.low : y.low;
      both.low_closed = low > 0 ? x.low_closed : low < 0 ? y.low_closed : x.low_closed && y.low_closed;
      both.high = high < 0 ? x.high : y.high;
      both.high_closed = high < 0 ? x.high_closed : high > 0 ? y.high_closed : x.high_closed && y.high_closed;
      out.push_back(std::move(both));
    }
  return normal(std::move(out));
}

RealSet complement(const RealSet& set) {
  std::vector<Piece> out;
  Piece gap = everything();
  for (const Piece& piece : set.pieces) {
    gap.high = piece.low;
    gap.high_closed = !piece.low_closed && piece.low.infinite == 0;
    out.push_back(gap);
    gap.low = piece.high;
    gap.low_closed = !piece.high_closed && piece.high.infinite == 0;
  }
  gap.high = infinite(1);
  gap.high_closed = false;
  if (gap.low.infinite <= 0) out.push_back(gap);
  return normal(std::move(out));
}

RealSet joined(const RealSet& a, const RealSet& b) {
  std::vector<Piece> pieces = a.pieces;
  pieces.insert(pieces.end(), b.pieces.begin(), b.pieces.end());
  return normal(std::move(pieces));
}

std::optional<End> end_of(const Term& term) {
  if (term->kind == Node::infinity) return infinite(1);
  if (term->kind == Node::neg && term.child(0)->kind == Node::infinity) return infinite(-1);
  End end;
  const Setting setting{nullptr, kPrecision, false, term.sign};
  if (evaluate(*term.tree, term.node, setting, end.value) != Outcome::value || !end.value.is_real())
    return std::nullopt;
  end.key = value_key(term);
  return end;
}

End end_at(const Ball& value) {
  End end;
  end.value = value;
  end.key = number_key(value);
  return end;
}

// left - right at x, as a ball.
std::optional<Ball> difference(const Term& left, const Term& right, const std::string& unknown, const Rational& x) {
  const Point point{{unknown, x}};
  const Setting at{&point, kPrecision, false, left.sign};
  Ball a, b;
  if (evaluate(*left.tree, left.node, at, a) != Outcome::value ||
      evaluate(*right.tree, right.node, at, b) != Outcome::value)
    return std::nullopt;
  acb_sub(a.get(), a.get(), b.get(), kPrecision);
  return a;
}

// Where a x^2 + b x + c is below zero, or where it is zero.
struct Signs {
  RealSet below, zero;
};

RealSet point(const End& at) { return {{{at, at, true, true}}, {}}; }

std::optional<Signs> linear(const Ball& b, const Ball& c) {
  if (b.zero_inside()) return std::nullopt;
  Ball root;
  acb_div(root.get(), c.get(), b.get(), kPrecision);
  acb_neg(root.get(), root.get());
  const End at = end_at(root);
  Piece half = everything();
  if (arb_is_positive(b.real())) half.high = at;
  else half.low = at;
  return Signs{{{half}, {}}, point(at)};
}

std::optional<Signs> quadratic(const Ball& a, const Ball& b, const Ball& c) {
  Ball discriminant, part, low, high;
  acb_mul(discriminant.get(), b.get(), b.get(), kPrecision);
  acb_mul(part.get(), a.get(), c.get(), kPrecision);
  acb_mul_ui(part.get(), part.get(), 4, kPrecision);
  acb_sub(discriminant.get(), discriminant.get(), part.get(), kPrecision);
  const bool up = arb_is_positive(a.real()) != 0;
  Signs out;
  if (!discriminant.zero_inside() && arb_is_negative(discriminant.real())) {
    if (!up) out.below.pieces = {everything()};
    return out;
  }
  if (discriminant.zero_inside()) acb_zero(discriminant.get());
  acb_sqrt(discriminant.get(), discriminant.get(), kPrecision);
  acb_add(low.get(), b.get(), discriminant.get(), kPrecision);
  acb_sub(high.get(), b.get(), discriminant.get(), kPrecision);
  for (Ball* root : {&low, &high}) {
    acb_div(root->get(), root->get(), a.get(), kPrecision);
    acb_div_si(root->get(), root->get(), -2, kPrecision);
  }
  if (!up) std::swap(low, high);
  out.zero = joined(point(end_at(low)), point(end_at(high)));
  const RealSet between = {{{end_at(low), end_at(high), false, false}}, {}};
  const RealSet closed = joined(between, out.zero);
  out.below = up ? normal(between.pieces) : complement(closed);
  return out;
}

// Fits a quadratic through three points and checks it at three more.
std::optional<Signs> solve(const Term& left, const Term& right, const std::string& unknown) {
  std::vector<Ball> at;
  for (const long x : {0L, 1L, -1L, 3L, -5L, 7L}) {
    const auto value = difference(left, right, unknown, Rational(x));
    if (!value || !value->is_real()) return std::nullopt;
    at.push_back(*value);
  }
  Ball a, b, even;
  const Ball& c = at[0];
  acb_add(even.get(), at[1].get(), at[2].get(), kPrecision);
  acb_mul_2exp_si(even.get(), even.get(), -1);
  acb_sub(a.get(), even.get(), c.get(), kPrecision);
  acb_sub(b.get(), at[1].get(), even.get(), kPrecision);
  const long others[] = {3, -5, 7};
  for (size_t i = 0; i < 3; ++i) {
    Ball fit;
    acb_mul_si(fit.get(), a.get(), others[i], kPrecision);
    acb_add(fit.get(), fit.get(), b.get(), kPrecision);
    acb_mul_si(fit.get(), fit.get(), others[i], kPrecision);
    acb_add(fit.get(), fit.get(), c.get(), kPrecision);
    if (fit.apart(at[i + 3])) return std::nullopt;
  }
  return a.zero_inside() ? linear(b, c) : quadratic(a, b, c);
}

// |u| < k as -k < u < k.
std::optional<RealSet> absolute(const Term& inside, const Term& bound, char sign, const std::string& unknown) {
  const auto above = solve(inside, bound, unknown);
  Tree negative = *bound.tree;
  const int node = negative.add(Node::neg, {bound.node});
  const auto under = solve(inside, Term{&negative, node, bound.sign}, unknown);
  if (!above || !under) return std::nullopt;
  const RealSet inner = intersection(above->below, complement(joined(under->below, under->zero)));
  const RealSet edge = joined(above->zero, under->zero);
  if (sign == '<') return inner;
  if (sign == 'L') return joined(inner, edge);
  const RealSet outer = complement(joined(inner, edge));
  return sign == '>' ? outer : joined(outer, edge);
}

char turned(char sign) {
  switch (sign) {
    case '<': return '>';
    case '>': return '<';
    case 'L': return 'G';
    case 'G': return 'L';
    default: return sign;
  }
}

std::optional<RealSet> inequality(const Term& left, const Term& right, char sign, const std::string& unknown) {
  std::set<std::string> in_left, in_right;
  collect_symbols(left, in_left);
  collect_symbols(right, in_right);
  if (left->kind == Node::call && left->name == "abs" && in_right.empty() && sign != 'N')
    return absolute(left.child(0), right, sign, unknown);
  if (right->kind == Node::call && right->name == "abs" && in_left.empty() && sign != 'N')
    return absolute(right.child(0), left, turned(sign), unknown);
  const bool edge = left->kind == Node::infinity || right->kind == Node::infinity || left->kind == Node::neg ||
                    right->kind == Node::neg;
  if (edge && (has_kind(left, Node::infinity) || has_kind(right, Node::infinity))) return RealSet{{everything()}, {}};
  const auto signs = solve(left, right, unknown);
  if (!signs) return std::nullopt;
  switch (sign) {
    case '<': return signs->below;
    case 'L': return joined(signs->below, signs->zero);
    case '>': return complement(joined(signs->below, signs->zero));
    case 'G': return complement(signs->below);
    case 'N': return complement(signs->zero);
    default: return std::nullopt;
  }
}

std::optional<RealSet> relation(const Term& term) {
  const std::string& signs = term->name;
  if (signs == "e") return real_set(term.child(1));
  std::set<std::string> symbols;
  collect_symbols(term, symbols);
  if (symbols.size() != 1 || signs.size() > 4) return std::nullopt;
  RealSet out{{everything()}, {}};
  for (size_t i = 0; i < signs.size(); ++i) {
    const auto part =
        inequality(term.child(static_cast<int>(i)), term.child(static_cast<int>(i) + 1), signs[i], *symbols.begin());
    if (!part) return std::nullopt;
    out = intersection(out, *part);
  }
  out.variable = *symbols.begin();
  return out;
}

std::optional<RealSet> finite(const Term& term) {
  if (term->count > static_cast<int>(kMostPieces)) return std::nullopt;
  std::vector<Piece> points;
  for (int i = 0; i < term->count; ++i) {
    const Term item = term.child(i);
    for (const int sign : {1, -1}) {
      const auto end = end_of({item.tree, item.node, sign});
      if (!end || end->infinite) return std::nullopt;
      points.push_back({*end, *end, true, true});
    }
  }
  return normal(std::move(points));
}

}  // namespace

std::optional<RealSet> real_set(const Term& term) {
  switch (term->kind) {
    case Node::number_set: return term->name == "R" ? std::optional(RealSet{{everything()}, {}}) : std::nullopt;
    case Node::empty_set: return RealSet{};
    case Node::set: return finite(term);
    case Node::relation: return relation(term);
    case Node::tuple: {
      if (term->count != 2) return std::nullopt;
      const auto low = end_of(term.child(0)), high = end_of(term.child(1));
      if (!low || !high) return std::nullopt;
      return normal({{*low, *high, term->name[0] == '[', term->name[1] == ']'}});
    }
    case Node::unite:
    case Node::intersect:
    case Node::without: {
      const auto a = real_set(term.child(0)), b = real_set(term.child(1));
      if (!a || !b) return std::nullopt;
      RealSet out = term->kind == Node::unite ? joined(*a, *b)
                                              : intersection(*a, term->kind == Node::intersect ? *b : complement(*b));
      out.variable = a->variable;
      return out;
    }
    case Node::list: {
      if (term->count > static_cast<int>(kMostPieces)) return std::nullopt;
      std::optional<RealSet> all;
      for (int i = 0; i < term->count; ++i) {
        const auto part = real_set(term.child(i));
        if (!part || (all && all->variable != part->variable)) return std::nullopt;
        const std::string variable = part->variable;
        all = !all ? part : term->name == "and" ? intersection(*all, *part) : joined(*all, *part);
        all->variable = variable;
      }
      return all;
    }
    default: return std::nullopt;
  }
}

bool same_set(const RealSet& a, const RealSet& b) {
  if (!a.variable.empty() && !b.variable.empty() && a.variable != b.variable) return false;
  return std::equal(a.pieces.begin(), a.pieces.end(), b.pieces.begin(), b.pieces.end(),
                    [](const Piece& x, const Piece& y) {
                      return compare(x.low, y.low) == 0 && compare(x.high, y.high) == 0 &&
                             x.low_closed == y.low_closed && x.high_closed == y.high_closed;
                    });
}

std::string set_key(const RealSet& set) {
  std::string key;
  for (const Piece& p : set.pieces) {
    if (!key.empty()) key += 'U';
    key += (p.low_closed ? '[' : '(') + p.low.key + "," + p.high.key + (p.high_closed ? ']' : ')');
  }
  return key.empty() ? "empty" : key;
}

bool is_set_form(const Term& term) {
  switch (term->kind) {
    case Node::number_set:
    case Node::unite:
    case Node::intersect:
    case Node::without:
    case Node::empty_set: return true;
    case Node::relation: return term->name.find_first_not_of("=~e") != std::string::npos;
    case Node::list:
      return term->count > 0 && (is_set_form(term.child(0)) ||
                                 (term.child(0)->kind == Node::tuple && has_kind(term.child(0), Node::infinity)));
    default: return false;
  }
}

}  // namespace reckon::verify
