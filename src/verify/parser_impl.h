#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "verify/parser.h"

namespace reckon::verify {

// Recursive descent. The first problem is kept and moves the parser to the end, so that every rule can just go on.
class Parser {
 public:
  explicit Parser(std::span<const Token> tokens) : tokens_(tokens.begin(), tokens.end()) {
    if (tokens_.empty() || tokens_.back().kind != Token::end) tokens_.push_back({});
  }
  Parsed run();

 private:
  // parser.cc: operators
  void take_alignment_off();
  int list();      // relations between commas, "and", "or"
  int relation();  // expressions between = < ...
  int expression();
  int sum();
  int ratio(int first);
  int product(std::vector<int>& factors);
  int term();
  int factor();
  int power();
  int postfix(int base);
  int exponent(int base);
  int negated(int node);

  // parser_atoms.cc: what stands alone
  int atom();
  int number_atom();
  int repeating(const Token& lead);
  int letter_atom();
  int word_atom();
  int command_atom();
  int function(std::string name);
  int implied_argument();
  int brackets();
  int braces();
  int absolute();
  int environment();
  int argument();  // of \frac and \sqrt: a group or one token
  int symbol_product(const std::string& word);
  int symbol(std::string name);   // e and i are numbers
  int first_letter(Token& word);  // takes it off
  std::optional<int> set_builder();
  std::string index();      // of a symbol, with its primes; empty without
  std::string raw_group();  // the tokens of a group or the next token, as text

  // units.cc
  int with_unit(int amount);                             // the amount, or the unit node where a unit follows
  std::optional<std::string> unit_at(size_t& at) const;  // moves `at` past it
  struct Unit {
    std::string name;
    size_t end;  // the token behind it
  };
  std::optional<Unit> unit_fraction(size_t at) const;
  bool ends_element(size_t at) const;

  const Token& now() const { return tokens_[at_]; }
  const Token& next(size_t ahead = 1) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool take(char c);
  bool take_command(std::string_view name);
  bool starts_factor() const;
  int fail(std::string problem);
  bool is_number(int node) const { return tree_[node].kind == Node::number; }
  bool constant(int node) const;  // made of numbers only

  std::vector<Token> tokens_;
  size_t at_ = 0;
  Tree tree_;
  std::string problem_;
  int depth_ = 0;
  int bars_ = 0;  // open | |
};

// One level of nesting deeper while it lives.
class Level {
 public:
  explicit Level(int& depth) : depth_(depth) { ++depth_; }
  ~Level() { --depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;
  bool too_deep() const { return depth_ > kDeepest; }

 private:
  int& depth_;
};

}  // namespace reckon::verify
