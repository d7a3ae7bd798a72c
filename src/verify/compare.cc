#include "verify/compare.h"

#include <algorithm>

#include "verify/real_set.h"
#include "verify/shapes.h"

namespace reckon::verify {
namespace {

constexpr size_t kMostMembers = 300;

Comparison equal(std::string why) { return {Verdict::equal, std::move(why)}; }
Comparison different(std::string why) { return {Verdict::different, std::move(why)}; }

Comparison compare_inner(const Term& gold, const Term& candidate, int depth);

bool is_list(const Term& t) {
  return t->kind == Node::list ||
         (has_kind(t, Node::plus_minus) && t.sign == 0 && t->kind != Node::set && t->kind != Node::tuple);
}
bool is_vector(const Term& t) {
  if (t->kind == Node::tuple || t->kind == Node::matrix) return true;
  return (t->kind == Node::mul || t->kind == Node::add || t->kind == Node::neg || t->kind == Node::div) &&
         (has_kind(t, Node::tuple) || has_kind(t, Node::matrix));
}

Comparison in_order(const std::vector<Term>& a, const std::vector<Term>& b, int depth, const char* what) {
  if (a.size() != b.size()) return different(std::string(what) + " of different lengths");
  for (size_t i = 0; i < a.size(); ++i) {
    const Comparison part = compare_inner(unlabelled(a[i]), unlabelled(b[i]), depth + 1);
    if (part.verdict != Verdict::equal)
      return {part.verdict, std::string(what) + ", member " + std::to_string(i + 1) + ": " + part.reason};
  }
  return equal(std::string(what) + " in order");
}

// A pairing of all members; those of a set may repeat.
Comparison in_any_order(const std::vector<Term>& a, const std::vector<Term>& b, bool repeats, int depth) {
  if (!repeats && a.size() != b.size()) return different("lists of different lengths");
  if (a.empty() != b.empty()) return different("an empty set");
  if (a.size() > kMostMembers || b.size() > kMostMembers) return {Verdict::undecided, "too many members"};
  std::vector<bool> used(b.size(), false);
  bool unsure = false;
  for (const Term& x : a) {
    bool found = false;
    for (size_t j = 0; j < b.size() && !found; ++j) {
      if (used[j] && !repeats) continue;
      const Verdict verdict = compare_inner(unlabelled(x), unlabelled(b[j]), depth + 1).verdict;
      unsure = unsure || verdict == Verdict::undecided;
      if (verdict == Verdict::equal) found = used[j] = true;
    }
    if (!found) return {unsure ? Verdict::undecided : Verdict::different, "a member that the other has not"};
  }
  for (size_t j = 0; j < b.size(); ++j) {
    if (used[j]) continue;
    const bool again = repeats && std::any_of(a.begin(), a.end(), [&](const Term& x) {
                         return compare_inner(unlabelled(x), unlabelled(b[j]), depth + 1).verdict == Verdict::equal;
                       });
    if (!again) return different("a member that the other has not");
  }
  return equal("the same members");
}

std::vector<Term> items(const Term& t) {
  std::vector<Term> out;
  for (int i = 0; i < t->count; ++i) out.push_back(t.child(i));
  return out;
}

std::optional<std::string> label_of_item(const Term& item) {
  if (!is_equation(item) || item->count != 2) return std::nullopt;
  return label(item.child(0));
}

// x=2, y=3 against y=3, x=2: by label, where both name all of theirs.
std::optional<Comparison> by_label(const std::vector<Term>& a, const std::vector<Term>& b, int depth) {
  if (a.size() != b.size() || a.size() > kMostMembers) return std::nullopt;
  std::map<std::string, Term> named;
  for (const Term& item : a) {
    const auto name = label_of_item(item);
    if (!name || !named.emplace(*name, item).second) return std::nullopt;
  }
  std::set<std::string> seen;
  for (const Term& item : b) {
    const auto name = label_of_item(item);
    if (!name || !seen.insert(*name).second) return std::nullopt;
  }
  for (const Term& item : b) {
    const auto it = named.find(*label_of_item(item));
    if (it == named.end()) return different("a label that the other has not");
    const Comparison part = compare_inner(unlabelled(it->second), unlabelled(item), depth + 1);
    if (part.verdict != Verdict::equal) return Comparison{part.verdict, it->first + ": " + part.reason};
  }
  return equal("the same values under the same labels");
}

Comparison lists(const Term& gold, const Term& candidate, int depth) {
  const std::vector<Term> a = members(gold), b = members(candidate);
  if (const auto labelled = by_label(a, b, depth)) return *labelled;
  const bool repeats = gold->kind == Node::set || candidate->kind == Node::set;
  return in_any_order(a, b, repeats, depth);
}

// The members of a list, tuple, vector or matrix, and the columns of a matrix.
struct Parts {
  Vector worked_out;  // owns what the terms refer to
  std::vector<Term> terms;
  long columns = 0;
};
bool take_apart(const Term& t, Parts& out) {
  if (t->kind == Node::list || t->kind == Node::tuple || t->kind == Node::matrix) {
    out.terms = items(t);
    if (t->kind == Node::matrix) out.columns = t->value.to_long();
    return true;
  }
  auto vector = vector_of(t);
  if (!vector) return false;
  out.worked_out = std::move(*vector);
  out.columns = out.worked_out.columns;
  for (const int node : out.worked_out.components) out.terms.push_back({&out.worked_out.tree, node, t.sign});
  return true;
}

Comparison vectors(const Term& gold, const Term& candidate, int depth) {
  if (gold->kind == Node::tuple && candidate->kind == Node::tuple && gold->count == 2 && candidate->count == 2 &&
      gold->name != candidate->name)
    return different("different brackets");
  Parts a, b;
  if (!take_apart(gold, a) || !take_apart(candidate, b)) return different("a vector or matrix and something else");
  if (a.columns > 0 && b.columns > 0)
    return a.columns == b.columns ? in_order(a.terms, b.terms, depth, "matrices")
                                  : different("matrices of different shapes");
  const Parts &matrix = a.columns > 0 ? a : b, &rows = a.columns > 0 ? b : a;
  if (matrix.columns <= 1 || matrix.columns == static_cast<long>(matrix.terms.size()))
    return in_order(a.terms, b.terms, depth, "tuples");  // a list without parentheses as well
  // A matrix that is a tuple of rows: [[1,2],[3,4]].
  std::vector<Term> cells;
  for (const Term& row : rows.terms) {
    if (row->kind != Node::tuple || row->count != matrix.columns) return different("a matrix and something else");
    for (const Term& cell : items(row)) cells.push_back(cell);
  }
  return in_order(matrix.terms, cells, depth, "matrices");
}

// Rules 2 and 3: units and percent signs.
Comparison amounts(const Term& gold, const Term& candidate) {
  const Amount a = amount_of(gold), b = amount_of(candidate);
  if (a.unit.empty() && b.unit == "%") return different("a percent sign that the gold has not");
  if (a.unit == "%" && b.unit.empty()) {
    const Verdict verdict = same_value(a.value, b.value);
    if (verdict != Verdict::different) return {verdict, "percent sign left out"};
    return {same_value(gold, b.value), "the value of a percentage"};
  }
  if (!a.unit.empty() && !b.unit.empty() && a.unit != b.unit) return different("other unit: " + a.unit + ", " + b.unit);
  const Verdict verdict = same_value(a.value, b.value);
  return {verdict, a.unit != b.unit ? "values, a unit on one side only" : "values"};
}

Comparison based(const Term& gold, const Term& candidate) {
  if (gold->kind == Node::based && candidate->kind == Node::based)
    return {same_value(gold, candidate), "values in their bases"};
  const Term& marked = gold->kind == Node::based ? gold : candidate;
  const Term& plain = gold->kind == Node::based ? candidate : gold;
  if (plain->kind == Node::number)
    return {plain->value.to_string() == marked->name ? Verdict::equal : Verdict::different,
            "digits, the base on one side only"};
  // ab: letters read as a product
  std::string letters;
  for (int i = 0; i < plain->count; ++i) letters += plain.child(i)->kind == Node::euler ? "e" : plain.child(i)->name;
  std::transform(letters.begin(), letters.end(), letters.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return {plain->kind == Node::mul && letters == marked->name ? Verdict::equal : Verdict::different,
          "digits, the base on one side only"};
}

Comparison equations(const Term& gold, const Term& candidate) {
  if (gold->count != 2 || candidate->count < 2) return {Verdict::undecided, "a chain of equations"};
  const Term left = candidate.child(candidate->count - 2), right = candidate.child(candidate->count - 1);
  return {proportional(gold.child(0), gold.child(1), left, right, false), "equations up to sides and a factor"};
}

// Rule 4, when the gold is an equation.
Comparison gold_equation(const Term& gold, const Term& candidate, int depth) {
  std::set<std::string> symbols;
  collect_symbols(gold.child(0), symbols);
  std::optional<std::string> name = label(gold.child(0));
  const bool turned = !name && symbols.empty() && gold->count == 2 && label(gold.child(1)).has_value();
  if (turned) name = label(gold.child(1));
  const Term value = turned ? gold.child(0) : last_member(gold);
  std::set<std::string> inside;
  collect_symbols(value, inside);
  if (name && inside.contains(*name)) name.reset();
  if (!is_equation(candidate)) {
    if (name || symbols.empty()) return compare_inner(value, unlabelled(candidate), depth + 1);
    if (gold->count > 2) return compare_inner(last_member(gold), unlabelled(candidate), depth + 1);
    return different("an equation and something else");
  }
  const auto other = label(candidate.child(0));
  if (name && other && *name == *other) return compare_inner(value, last_member(candidate), depth + 1);
  std::set<std::string> candidate_symbols;
  collect_symbols(candidate, candidate_symbols);
  if (name && candidate_symbols.empty()) return compare_inner(value, last_member(candidate), depth + 1);
  return equations(gold, candidate);
}

std::optional<Comparison> sets(const Term& gold, const Term& candidate) {
  if (gold->kind == Node::number_set && candidate->kind == Node::number_set)
    return gold->name == candidate->name ? equal("the same set of numbers") : different("other sets of numbers");
  const auto a = real_set(gold), b = real_set(candidate);
  if (a && b) return same_set(*a, *b) ? equal("the same set of reals") : different("other sets of reals");
  const auto inequality = [](const Term& t) {
    return t->kind == Node::relation && t->name.size() == 1 && is_set_form(t);
  };
  if (inequality(gold) && inequality(candidate)) {
    const auto strict = [](const Term& t) { return t->name == "<" || t->name == ">"; };
    if ((gold->name == "N") != (candidate->name == "N")) return different("other relation");
    if (gold->name == "N")
      return Comparison{proportional(gold.child(0), gold.child(1), candidate.child(0), candidate.child(1), false),
                        "inequations"};
    if (strict(gold) != strict(candidate)) return different("a strict and a weak inequality");
    const auto side = [](const Term& t, int i) { return t.child(t->name == "<" || t->name == "L" ? i : 1 - i); };
    return Comparison{proportional(side(gold, 0), side(gold, 1), side(candidate, 0), side(candidate, 1), true),
                      "inequalities up to a positive factor"};
  }
  if (a.has_value() != b.has_value()) return different("a set of reals and something else");
  return std::nullopt;
}

Comparison compare_inner(const Term& gold, const Term& candidate, int depth) {
  if (depth > 12) return {Verdict::undecided, "nested too deeply"};
  if (gold->kind == Node::number && candidate->kind == Node::number) return {same_value(gold, candidate), "values"};
  if (is_equation(gold)) return gold_equation(gold, candidate, depth);
  if (gold->kind == Node::relation && !is_set_form(gold)) return compare_inner(unlabelled(gold), candidate, depth + 1);
  if (candidate->kind == Node::relation && !is_set_form(candidate))
    return compare_inner(gold, unlabelled(candidate), depth + 1);
  if (is_set_form(gold) || is_set_form(candidate)) {
    // An inequality restated is not the value asked for.
    const Term& other = is_set_form(gold) ? candidate : gold;
    const bool set_like = is_set_form(other) || other->kind == Node::tuple || other->kind == Node::set;
    if (!set_like) return different("a set and something else");
    if (const auto result = sets(gold, candidate)) return *result;
    if (gold->kind != Node::list || candidate->kind != Node::list)
      return {Verdict::undecided, "sets that cannot be solved"};
  }
  const bool vector_gold = is_vector(gold), vector_candidate = is_vector(candidate);
  if (vector_gold || vector_candidate) {
    const Term& other = vector_gold ? candidate : gold;
    if (!(vector_gold && vector_candidate) && other->kind != Node::list)
      return different("a tuple or matrix and something else");
    return vectors(gold, candidate, depth);
  }
  if (is_list(gold) || is_list(candidate) || gold->kind == Node::set || candidate->kind == Node::set)
    return lists(gold, candidate, depth);
  if (gold->kind == Node::based || candidate->kind == Node::based) return based(gold, candidate);
  return amounts(gold, candidate);
}

std::string joined(std::vector<std::string> keys, bool sorted, const char* brackets) {
  if (sorted) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  }
  std::string out(1, brackets[0]);
  for (const std::string& key : keys) {
    if (key.empty()) return {};
    out += (out.size() > 1 ? "," : "") + key;
  }
  return out + brackets[1];
}

std::string key_of(const Term& term, int depth) {
  if (depth > 12) return {};
  if (is_equation(term)) {
    // A label falls away, as it does in comparisons; other equations keep both sides.
    if (label(term.child(0)) || term->count > 2) return key_of(last_member(term), depth + 1);
    const std::string left = value_key(term.child(0)), right = value_key(term.child(1));
    return left.empty() || right.empty() ? std::string() : std::min(left, right) + "=" + std::max(left, right);
  }
  if (term->kind == Node::relation && !is_set_form(term)) return key_of(unlabelled(term), depth + 1);
  if (is_set_form(term)) {
    if (term->kind == Node::number_set && term->name != "R") return term->name;
    const auto set = real_set(term);
    return set ? set_key(*set) : std::string();
  }
  std::vector<std::string> keys;
  if (is_vector(term)) {
    Parts parts;
    if (!take_apart(term, parts)) return {};
    for (const Term& part : parts.terms) keys.push_back(key_of(part, depth + 1));
    if (parts.columns <= 1) {
      const bool interval = term->kind == Node::tuple && term->count == 2;
      return joined(std::move(keys), false, interval ? term->name.c_str() : "()");
    }
    // A matrix as its rows: [[1,2],[3,4]].
    const auto bracketed = [](std::vector<std::string> members) {
      const char* brackets = members.size() == 2 ? "[]" : "()";
      return joined(std::move(members), false, brackets);
    };
    std::vector<std::string> rows;
    for (auto first = keys.begin(); first != keys.end(); first += parts.columns)
      rows.push_back(bracketed({first, first + parts.columns}));
    return bracketed(std::move(rows));
  }
  if (is_list(term) || term->kind == Node::set) {
    if (term->count > static_cast<int>(kMostMembers)) return {};
    for (const Term& item : members(term)) keys.push_back(key_of(unlabelled(item), depth + 1));
    return joined(std::move(keys), true, "{}");
  }
  if (term->kind == Node::based) return term->name;
  return value_key(amount_of(term).value);
}

}  // namespace

Comparison compare_terms(const Term& gold, const Term& candidate) { return compare_inner(gold, candidate, 0); }

std::string term_key(const Term& term) { return key_of(term, 0); }

}  // namespace reckon::verify
