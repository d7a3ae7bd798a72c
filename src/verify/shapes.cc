#include "verify/shapes.h"

#include <algorithm>

namespace reckon::verify {
namespace {

constexpr size_t kMostComponents = 500;
constexpr size_t kMostCopied = 20000;  // nodes of one vector: products of products are copied again at every level

bool only(const std::string& signs, std::string_view allowed) {
  return signs.find_first_not_of(allowed) == std::string::npos;
}

bool is_symbol(const Term& term) { return term->kind == Node::symbol; }

// Copies a node of one tree into another.
int copy(const Term& from, Tree& to) {
  std::vector<int> children;
  for (int i = 0; i < from->count; ++i) children.push_back(copy(from.child(i), to));
  return to.add(from->kind, children, from->name, from->value);
}

using Components = std::optional<std::vector<int>>;

class Worker {
 public:
  explicit Worker(Tree& out) : out_(out) {}
  long columns() const { return columns_; }

  Components components(const Term& term) {
    switch (term->kind) {
      case Node::tuple: return copies(term);
      case Node::matrix:
        if (columns_ > 0 && term->value != Rational(columns_)) return std::nullopt;
        columns_ = term->value.to_long();
        return copies(term);
      case Node::neg: return each(components(term.child(0)), [&](int node) { return out_.add(Node::neg, {node}); });
      case Node::add: {
        Components total = components(term.child(0));
        for (int i = 1; total && i < term->count; ++i) total = sum(*total, components(term.child(i)));
        return total;
      }
      case Node::mul: return scaled(term);
      case Node::div: {
        Components top = components(term.child(0));
        const int by = top ? copy(term.child(1), out_) : -1;
        return each(std::move(top), [&](int node) { return out_.add(Node::div, {node, by}); });
      }
      default: return std::nullopt;
    }
  }

 private:
  Components copies(const Term& term) {
    if (term->count > static_cast<int>(kMostComponents)) return std::nullopt;
    std::vector<int> out;
    for (int i = 0; i < term->count; ++i) out.push_back(copy(term.child(i), out_));
    return out;
  }

  template <class F>
  static Components each(Components all, F&& f) {
    if (all)
      for (int& node : *all) node = f(node);
    return all;
  }

  Components sum(const std::vector<int>& a, const Components& b) {
    if (!b || a.size() != b->size()) return std::nullopt;
    std::vector<int> out;
    for (size_t i = 0; i < a.size(); ++i) out.push_back(out_.add(Node::add, {a[i], (*b)[i]}));
    return out;
  }

  Components scaled(const Term& term) {
    Components vector;
    std::vector<int> factors;
    for (int i = 0; i < term->count; ++i) {
      const Term part = term.child(i);
      if (Components found = components(part)) {
        if (vector) return std::nullopt;  // a product of two vectors
        vector = std::move(found);
      } else if (out_.size() > kMostCopied) {
        return std::nullopt;
      } else {
        factors.push_back(copy(part, out_));
      }
    }
    return each(std::move(vector), [&](int node) {
      std::vector<int> all = factors;
      all.push_back(node);
      return out_.add(Node::mul, all);
    });
  }

  Tree& out_;
  long columns_ = 0;
};

}  // namespace

std::optional<std::string> label(const Term& left) {
  if (is_symbol(left)) return left->name;
  if (left->kind == Node::mul && left->count == 2 && is_symbol(left.child(0)) && is_symbol(left.child(1)))
    return left.child(0)->name + "(" + left.child(1)->name + ")";  // R(x)
  if (left->kind == Node::tuple) {                                 // (x, y) = (1, 2)
    std::string names;
    for (int i = 0; i < left->count; ++i) {
      if (!is_symbol(left.child(i))) return std::nullopt;
      names += (i > 0 ? "," : "(") + left.child(i)->name;
    }
    return names + ")";
  }
  return std::nullopt;
}

bool is_equation(const Term& term) { return term->kind == Node::relation && only(term->name, "=~"); }

Term last_member(const Term& chain) {
  const std::string& signs = chain->name;
  const size_t approximate = signs.find('~');
  size_t last = approximate == std::string::npos ? signs.size() : approximate;
  if (last == 0) last = approximate == 0 && signs.size() == 1 && !is_symbol(chain.child(0)) ? 0 : signs.size();
  Term value = chain.child(static_cast<int>(last));
  // 5 = x
  if (last == 1 && is_symbol(value)) {
    std::set<std::string> symbols;
    collect_symbols(chain.child(0), symbols);
    if (symbols.empty()) return chain.child(0);
  }
  return value;
}

Term unlabelled(const Term& term) {
  if (term->kind != Node::relation) return term;
  if (term->name == "e") return term.child(1);
  if (is_equation(term)) return last_member(term);
  // x = y in S, and chains with both
  if (only(term->name, "=~e")) return term.child(term->count - 1);
  return term;
}

Amount amount_of(const Term& term) {
  if (term->kind == Node::unit) return {term.child(0), term->name};
  // Units inside a sum of equal units: 3 cm + 4 cm does not occur; 2(3 cm) neither.
  return {term, {}};
}

std::vector<Term> members(const Term& term) {
  std::vector<Term> out;
  const auto push = [&](const Term& item) {
    if (has_kind(item, Node::plus_minus) && item.sign == 0 && item->kind != Node::set && item->kind != Node::tuple) {
      out.push_back({item.tree, item.node, 1});
      out.push_back({item.tree, item.node, -1});
    } else {
      out.push_back(item);
    }
  };
  if (term->kind == Node::list || term->kind == Node::set) {
    for (int i = 0; i < term->count; ++i) {
      const Term item = term.child(i);
      // {1 +- sqrt 5, -2}, and "x = 1, 2" where only the first carries the label
      push(item);
    }
  } else if (term->kind != Node::empty_set) {
    push(term);
  }
  return out;
}

std::optional<Vector> vector_of(const Term& term) {
  Vector out;
  Worker worker(out.tree);
  Components components = worker.components(term);
  if (!components || components->empty()) return std::nullopt;
  out.columns = worker.columns();
  out.components = std::move(*components);
  return out;
}

}  // namespace reckon::verify
