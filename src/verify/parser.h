#pragma once
#include <span>
#include <string>

#include "verify/expr.h"
#include "verify/lexer.h"

namespace reckon::verify {

constexpr int kDeepest = 80;  // levels of nesting

struct Parsed {
  Tree tree;            // its root is -1 where there is no formula
  std::string problem;  // why not
  bool ok() const { return tree.root >= 0; }
};

// Reads a formula in LaTeX, plain text or Python notation; the tokens as from tokenize(), with or without `end`.
Parsed parse(std::span<const Token> tokens);

}  // namespace reckon::verify
