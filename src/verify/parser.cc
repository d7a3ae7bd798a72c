#include "verify/parser.h"

#include <algorithm>
#include <array>

#include "verify/parser_impl.h"
#include "verify/scan.h"
#include "verify/vocabulary.h"

namespace reckon::verify {

Parsed parse(std::span<const Token> tokens) { return Parser(tokens).run(); }

Parsed Parser::run() {
  if (now().kind == Token::end) return {{}, "there is nothing to read"};
  take_alignment_off();
  tree_.reserve(tokens_.size());
  const int root = list();
  if (problem_.empty() && now().kind != Token::end) fail("cannot read on at \"" + now().text + "\"");
  if (problem_.empty()) tree_.root = root;
  return {std::move(tree_), std::move(problem_)};
}

int Parser::fail(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
  at_ = tokens_.size() - 1;
  return tree_.number(Rational());
}

bool Parser::take(char c) {
  if (!now().is(c)) return false;
  ++at_;
  return true;
}

bool Parser::take_command(std::string_view name) {
  if (!now().is_command(name)) return false;
  ++at_;
  return true;
}

int Parser::list() {
  const Level level(depth_);
  if (level.too_deep()) return fail("nested too deeply");
  std::vector<int> items = {relation()};
  std::string separator = ",";
  while (problem_.empty()) {
    std::string here;
    if (now().is(',') || now().is(';')) here = ",";
    else if (now().is_word("or") || now().is_command("or")) here = "or";
    else if (now().is_word("and") || now().is_command("and") || now().is('&')) here = "and";
    else break;
    if (now().is('&')) break;  // a cell of a matrix
    ++at_;
    if (here == "," && (now().is_word("or") || now().is_word("and"))) ++at_;  // "1, 2, and 3"
    if (here != ",") separator = here;
    if (now().kind == Token::end) break;  // a comma at the end
    items.push_back(relation());
  }
  return items.size() == 1 ? items[0] : tree_.add(Node::list, items, separator);
}

namespace {

char relation_sign(const Token& token) {
  if (token.is('=')) return '=';
  if (token.is('<') || token.is_command("lt")) return '<';
  if (token.is('>') || token.is_command("gt")) return '>';
  if (token.is_command("le")) return 'L';
  if (token.is_command("ge")) return 'G';
  if (token.is_command("ne")) return 'N';
  if (token.is_command("approx") || token.is_command("sim")) return '~';
  if (token.is_command("in") || token.is_command("to")) return 'e';
  if (token.is_command("equiv")) return '=';
  return '\0';
}

}  // namespace

// \begin{aligned} x &= 2+3 \\ &= 5 \end{aligned} around everything as "x = 2+3 = 5"; rows that begin another relation
// become members of a list.
void Parser::take_alignment_off() {
  if (!take_command("begin")) return;
  const std::string name = raw_group();
  static constexpr std::array<std::string_view, 6> kNames = {"aligned", "align",    "align*",
                                                             "split",   "gathered", "gather*"};
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
    at_ = 0;
    return;
  }
  std::vector<Token> flat;
  bool row_begins = true;
  for (int inner = 0; inner > 0 || !now().is_command("end"); ++at_) {  // of matrices the rows stay
    const Token& t = now();
    if (t.kind == Token::end) {
      fail("environment " + name + " never ends");
      return;
    }
    inner += t.is_command("begin") ? 1 : t.is_command("end") ? -1 : 0;
    if (inner == 0 && t.is('&')) {
      const bool at_sign = relation_sign(next()) != '\0' || (!flat.empty() && relation_sign(flat.back()) != '\0');
      if (row_begins || at_sign) continue;
      fail("columns in " + name);
      return;
    }
    if (inner == 0 && t.is_command("newline")) {
      row_begins = true;
      continue;
    }
    if (row_begins && !flat.empty() && relation_sign(t) == '\0') {
      if (t.is('+') || t.is('-')) {  // of the row before, or not
        fail("a row of " + name + " that begins with a sign");
        return;
      }
      if (!flat.back().is(',') && !flat.back().is(';')) flat.push_back({Token::mark, ","});
    }
    row_begins = false;
    flat.push_back(t);
  }
  ++at_;
  if (raw_group() != name || now().kind != Token::end) {
    fail("environment " + name + " ends as another");
    return;
  }
  flat.emplace_back();
  tokens_ = std::move(flat);
  at_ = 0;
}

int Parser::relation() {
  std::vector<int> sides;
  std::string signs;
  // 3 \pmod 7: the modulus is a mark like a unit.
  const auto side = [&] {
    const int node = expression();
    return take_command("pmod") ? tree_.add(Node::unit, {node}, "mod " + raw_group()) : node;
  };
  sides.push_back(side());
  for (char sign = relation_sign(now()); sign != '\0' && problem_.empty(); sign = relation_sign(now())) {
    ++at_;
    signs += sign;
    if (sign == '=' && take('>')) signs.back() = 'e';  // "=>"
    sides.push_back(side());
  }
  return sides.size() == 1 ? sides[0] : tree_.add(Node::relation, sides, signs);
}

int Parser::expression() {
  int left = ratio(sum());
  for (int operations = 0; problem_.empty(); ++operations) {
    if (operations > kDeepest) return fail("too many set operations");
    Node::Kind kind;
    if (take_command("cup")) kind = Node::unite;
    else if (take_command("cap")) kind = Node::intersect;
    else if (take_command("setminus")) kind = Node::without;
    else break;
    left = tree_.add(kind, {left, sum()});
  }
  return left;
}

// 3:4 is a quotient, 1:2:3 numbers in their order; with letters a colon means something else.
int Parser::ratio(int first) {
  std::vector<int> parts = {first};
  while (problem_.empty() && (now().is(':') || now().is_command(":")) && constant(parts.back())) {
    ++at_;
    const bool minutes = now().kind == Token::number && now().text.size() == 2 && now().text[0] == '0';
    parts.push_back(sum());
    if (minutes || !constant(parts.back())) return fail("a colon that parts no numbers");
  }
  if (parts.size() == 1) return first;
  return parts.size() == 2 ? tree_.add(Node::div, parts) : tree_.add(Node::tuple, parts, "::");
}

int Parser::negated(int node) {
  const Node& n = tree_[node];
  if (n.kind == Node::number) {
    Rational value = n.value;
    fmpq_neg(value.get(), value.get());
    return tree_.number(std::move(value));
  }
  if (n.kind == Node::unit) {
    const std::string name = n.name;
    return tree_.add(Node::unit, {negated(tree_.child(node, 0))}, name);
  }
  return tree_.add(Node::neg, {node});
}

int Parser::sum() {
  std::vector<int> terms;
  bool minus = false;
  int pairs = 0;
  std::string both;  // a +- sign before the term
  const auto signs = [&] {
    bool any = false;
    for (;; any = true) {
      if (take('+')) continue;
      if (take('-')) minus = !minus;
      else if (take_command("pm")) both = "+";
      else if (take_command("mp")) both = "-";
      else return any;
    }
  };
  signs();
  do {
    int node = term();
    if (minus && terms.size() == 1 && tree_[node].kind == Node::set && tree_[terms[0]].kind == Node::number_set) {
      terms = {tree_.add(Node::without, {terms[0], node})};  // \mathbb{R} - \{0\}
    } else if (!both.empty()) {
      if (++pairs > 8) return fail("too many signs");
      const int before = terms.empty()       ? tree_.number(Rational())
                         : terms.size() == 1 ? terms[0]
                                             : tree_.add(Node::add, terms);
      terms = {tree_.add(Node::plus_minus, {before, minus ? negated(node) : node}, both)};
    } else {
      terms.push_back(minus ? negated(node) : node);
    }
    minus = false;
    both.clear();
  } while (problem_.empty() && signs());
  return terms.size() == 1 ? terms[0] : tree_.add(Node::add, terms);
}

bool Parser::starts_factor() const {
  const Token& t = now();
  switch (t.kind) {
    case Token::number: return !(at_ > 0 && tokens_[at_ - 1].kind == Token::number);
    case Token::letter: return true;
    case Token::word: return !(t.is_word("and") || t.is_word("or") || t.is_word("."));
    case Token::mark: return t.is('(') || t.is('{') || (t.is('|') && bars_ == 0);
    case Token::command: {
      static constexpr std::array<std::string_view, 11> kAtoms = {"frac",  "sqrt",   "binom",  "pi",    "infty", "{",
                                                                  "begin", "langle", "lfloor", "lceil", "mathbb"};
      return std::find(kAtoms.begin(), kAtoms.end(), t.text) != kAtoms.end() || is_greek(t.text) ||
             is_function(t.text) || (t.text == "|" && bars_ == 0);
    }
    case Token::end: return false;
  }
  return false;
}

int Parser::product(std::vector<int>& factors) {
  if (factors.size() > 1) factors = {tree_.add(Node::mul, factors)};
  return factors[0];
}

int Parser::term() {
  // Kept flat, so that a long product makes a broad tree and not a deep one.
  std::vector<int> factors = {factor()};
  bool divided = false;
  while (problem_.empty()) {
    if (take('*') || take_command("cdot")) {
      factors.push_back(factor());
    } else if (take('/') || take_command("div")) {
      const int by = factor();
      if (factors.size() == 1 && !divided) factors = {tree_.add(Node::div, {factors[0], by})};
      else factors.push_back(tree_.add(Node::div, {tree_.number(Rational(1)), by}));
      divided = true;
    } else {
      const Token& t = now();
      if (t.kind == Token::word || t.kind == Token::letter || unit_fraction(at_)) {
        const int left = product(factors);
        const size_t before = at_;
        factors = {with_unit(left)};
        if (at_ != before) continue;
      }
      if (!starts_factor()) break;
      factors.push_back(power());
    }
  }
  return product(factors);
}

int Parser::factor() {
  bool minus = false;
  while (now().is('-') || now().is('+')) {
    minus ^= now().is('-');
    ++at_;
  }
  const int node = power();
  return minus ? negated(node) : node;
}

int Parser::power() {
  const Level level(depth_);
  if (level.too_deep()) return fail("nested too deeply");
  return postfix(atom());
}

int Parser::postfix(int base) {
  for (int marks = 0; problem_.empty(); ++marks) {
    if (marks > kDeepest) return fail("too many powers");
    if (now().is('^')) {
      ++at_;
      base = exponent(base);
    } else if (take('!')) {
      const bool twice = now().is('!') && !now().spaced && take('!');
      base = tree_.add(Node::call, {base}, twice ? "factorial2" : "factorial");
    } else if (take('%') || take_command("%")) {
      base = tree_.add(Node::unit, {base}, "%");
    } else if (take_command("circ")) {
      base = tree_.add(Node::unit, {base}, "degree");
    } else if (now().is_command("$") || now().is_command("euro") || now().is_command("pounds")) {
      const std::string name = now().text == "pounds" ? "gbp" : now().text;
      ++at_;
      base = tree_.add(Node::unit, {base}, name);
    } else {
      return base;
    }
  }
  return base;
}

int Parser::exponent(int base) {
  // A degree mark or an ordinal ending in the exponent.
  const size_t inside = now().is('{') && next(2).is('}') ? 1 : 0;
  const Token& mark = next(inside);
  const Token& sign = inside ? mark : now();
  if (sign.is_command("circ")) {
    at_ += inside ? 3 : 1;
    return tree_.add(Node::unit, {base}, "degree");
  }
  if (sign.kind == Token::word && (sign.text == "th" || sign.text == "st" || sign.text == "nd" || sign.text == "rd")) {
    at_ += inside ? 3 : 1;
    return tree_.add(Node::unit, {base}, "th");
  }
  bool minus = false;
  while (now().is('-') || now().is('+')) {
    minus ^= now().is('-');
    ++at_;
  }
  // LaTeX takes one letter: e^xe^y. (Of digits people mean all.)
  Token& letters = tokens_[at_];
  const bool several = letters.kind == Token::word && !letters.in_text && letters.text.size() <= 3 &&
                       std::all_of(letters.text.begin(), letters.text.end(), is_lower) && letters.text != "pi" &&
                       letters.text != "inf" && !is_function(letters.text) && !is_greek(letters.text);
  const int up = several ? first_letter(letters) : power();
  const int to = minus ? negated(up) : up;
  // 15 cm^2: the exponent belongs to the unit.
  if (tree_[base].kind == Node::unit && tree_[base].name != "%") return fail("a power of a unit");
  return tree_.add(Node::pow, {base, to});
}

}  // namespace reckon::verify
