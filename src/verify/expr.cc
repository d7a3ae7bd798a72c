#include "verify/expr.h"

#include <array>

namespace reckon::verify {

std::string show(const Tree& tree, int node) {
  if (node < 0) return "nothing";
  static constexpr std::array<const char*, 24> kNames = {
      "number", "base",     "symbol", "pi",           "e",       "i",      "infinity", "add", "mul",
      "div",    "neg",      "pow",    "plus-minus",   "call",    "unit",   "tuple",    "set", "list",
      "matrix", "relation", "union",  "intersection", "without", "numbers"};
  const Node& n = tree[node];
  if (n.kind == Node::number) return n.value.to_string();
  if (n.kind == Node::symbol) return n.name;
  if (n.kind == Node::empty_set) return "empty-set";
  std::string out = kNames[static_cast<size_t>(n.kind)];
  if (n.kind == Node::call) out = n.name;
  else if (!n.name.empty()) out += "[" + n.name + "]";
  if (n.count == 0) return out;
  out = "(" + out;
  for (const int child : tree.children(node)) {
    if (out.size() > 2000) return out + " ...)";
    out += " " + show(tree, child);
  }
  return out + ")";
}

}  // namespace reckon::verify
