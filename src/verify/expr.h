#pragma once
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/number.h"

namespace reckon::verify {

// One node of an expression tree; its children are `count` indices from `first` on in the tree's list of children.
struct Node {
  enum Kind {
    number,  // value
    based,   // name: the digits, lower case; value: the base
    symbol,  // name
    pi,
    euler,
    imaginary,
    infinity,
    add,
    mul,
    div,
    neg,
    pow,
    plus_minus,  // a, b; name "+" for a +- b and "-" for a -+ b
    call,        // name: sin, sqrt, abs, factorial, ...; children: the arguments
    unit,        // name; child: the amount. "%" and "degree" are units
    tuple,       // name: its two brackets, "()", "[)", ...
    set,         // {a, b}
    list,        // a, b without brackets; name: "," or "or" or "and"
    matrix,      // children row by row; value: the number of columns
    relation,    // children in order; name: one of = < > L(<=) G(>=) N(/=) ~ e(in) between each two
    unite,
    intersect,
    without,
    number_set,  // name: R, Q, Z, N, C
    empty_set,
  };
  Kind kind = number;
  int first = 0, count = 0;
  std::string name;
  Rational value;
};

// An expression. Nodes refer to each other by index, so that freeing a deep tree needs no stack.
class Tree {
 public:
  int add(Node::Kind kind, std::span<const int> children, std::string name = {}, Rational value = {}) {
    Node node;
    node.kind = kind;
    node.first = static_cast<int>(children_.size());
    node.count = static_cast<int>(children.size());
    node.name = std::move(name);
    node.value = std::move(value);
    children_.insert(children_.end(), children.begin(), children.end());
    nodes_.push_back(std::move(node));
    return static_cast<int>(nodes_.size()) - 1;
  }
  int add(Node::Kind kind, std::initializer_list<int> children, std::string name = {}, Rational value = {}) {
    return add(kind, std::span<const int>(children.begin(), children.size()), std::move(name), std::move(value));
  }
  int number(Rational value) { return add(Node::number, {}, {}, std::move(value)); }

  const Node& operator[](int node) const { return nodes_[static_cast<size_t>(node)]; }
  int child(int node, int i) const { return children_[static_cast<size_t>((*this)[node].first + i)]; }
  std::span<const int> children(int node) const {
    return {children_.data() + (*this)[node].first, static_cast<size_t>((*this)[node].count)};
  }
  size_t size() const { return nodes_.size(); }
  void reserve(size_t nodes) { nodes_.reserve(nodes); }

  int root = -1;

 private:
  std::vector<Node> nodes_;
  std::vector<int> children_;
};

// The tree in one line, for --explain: "(add x (pow y 2))".
std::string show(const Tree& tree, int node);

}  // namespace reckon::verify
