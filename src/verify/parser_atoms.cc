#include <algorithm>
#include <array>

#include "verify/number_words.h"
#include "verify/parser_impl.h"
#include "verify/scan.h"
#include "verify/vocabulary.h"

namespace reckon::verify {
namespace {

constexpr size_t kMostDigits = 2000;
constexpr long kLargestExponent = 4096;

}  // namespace

int Parser::atom() {
  const Token& t = now();
  switch (t.kind) {
    case Token::number: return number_atom();
    case Token::letter: return letter_atom();
    case Token::word: return word_atom();
    case Token::command: return command_atom();
    case Token::mark:
      if (t.is('(') || t.is('[') || t.is(']')) return brackets();
      if (t.is('{')) return braces();
      if (t.is('|')) return absolute();
      break;
    case Token::end: break;
  }
  return fail(t.kind == Token::end ? "it ends too early" : "cannot begin a value with \"" + t.text + "\"");
}

int Parser::number_atom() {
  const Token token = now();
  ++at_;
  if (token.text.size() > kMostDigits) return fail("too many digits");
  if (now().is_command("repeat") || now().is_command("dot")) return repeating(token);
  std::string digits = token.text;
  long exponent = 0;
  if (const size_t e = digits.find('e'); e != std::string::npos) {
    if (digits.size() - e > 8) return fail("exponent too large");
    exponent = std::stol(digits.substr(e + 1));
    digits.resize(e);
    if (std::labs(exponent) > kLargestExponent) return fail("exponent too large");
  }
  const size_t point = digits.find('.');
  const bool whole = point == std::string::npos && exponent == 0;
  if (point != std::string::npos) {
    exponent -= static_cast<long>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  if (digits.empty()) return fail("a point without digits");
  if (now().is('_') && whole) {  // 101_2
    ++at_;
    std::string base = raw_group();
    if (const auto spelled = number_from_words(base)) base = *spelled;
    if (base.empty() || base.size() > 2 || !std::all_of(base.begin(), base.end(), is_digit))
      return fail("not a base: " + base);
    return tree_.add(Node::based, {}, digits, Rational(std::stol(base)));
  }
  const Rational value = Rational::decimal(digits, exponent);
  const int node = tree_.number(value);
  if (!whole) return node;
  // Mixed numbers: 2\frac{1}{2}, 2 1/2.
  if (now().kind == Token::number && now().spaced && next().is('/') && next(2).kind == Token::number &&
      now().text.find_first_of(".e") == std::string::npos && next(2).text.find_first_of(".e") == std::string::npos &&
      now().text.size() < 10 && next(2).text.size() < 10) {
    const Rational top(std::stol(now().text)), bottom(std::stol(next(2).text));
    if (bottom.is_zero() || !(top < bottom)) return fail("two numbers side by side");
    at_ += 3;
    return tree_.add(Node::add, {node, tree_.add(Node::div, {tree_.number(top), tree_.number(bottom)})});
  }
  if (now().is_command("frac") && !unit_fraction(at_)) {
    ++at_;
    const int top = argument(), bottom = argument();
    if (problem_.empty() && is_number(top) && is_number(bottom) && tree_[top].value.is_integer() &&
        tree_[bottom].value.is_integer() && tree_[top].value < tree_[bottom].value && tree_[top].value.sign() > 0)
      return tree_.add(Node::add, {node, tree_.add(Node::div, {top, bottom})});
    // Not from here again after a problem: of fractions in fractions each would be read twice as often as the one
    // before.
    if (problem_.empty()) return tree_.add(Node::mul, {node, postfix(tree_.add(Node::div, {top, bottom}))});
  }
  return node;
}

// 0.\overline{3}, 0.1\overline{6}: the digits repeat for ever; 0.\dot{1}42\dot{8}: from dot to dot.
int Parser::repeating(const Token& lead) {
  const bool dots = now().is_command("dot");
  ++at_;
  const size_t point = lead.text.find('.');
  std::string period = raw_group();
  if (dots && now().kind == Token::number && next().is_command("dot")) period += raw_group();
  if (dots && take_command("dot")) period += raw_group();
  if (now().kind == Token::number) return fail("digits behind those that repeat");
  if (point == std::string::npos || period.empty() || period.size() > 200 ||
      !std::all_of(period.begin(), period.end(), is_digit))
    return fail("an overline that is no repeating decimal");
  std::string digits = lead.text;
  digits.erase(point, 1);
  const long places = static_cast<long>(lead.text.size() - point - 1);
  const int start = tree_.number(Rational::decimal(digits.empty() ? "0" : digits, -places));
  // period / ((10^n - 1) 10^places)
  const Rational nines = Rational::decimal(std::string(period.size(), '9'), places);
  return tree_.add(Node::add,
                   {start, tree_.add(Node::div, {tree_.number(Rational::decimal(period, 0)), tree_.number(nines)})});
}

std::string Parser::raw_group() {
  std::string text;
  if (!take('{')) {
    text = now().text;
    if (now().kind != Token::end) ++at_;
    return text;
  }
  int depth = 1;
  while (now().kind != Token::end) {
    if (now().is('{')) ++depth;
    if (now().is('}') && --depth == 0) {
      ++at_;
      return text;
    }
    text += now().text;
    ++at_;
  }
  fail("a brace that never closes");
  return {};
}

// "_1", "_n", "_{n+1}" (braces where x_{n+1} would be read as x_n + 1 without) and primes, if they stand here.
std::string Parser::index() {
  std::string marks;
  if (take('_')) {
    const std::string text = raw_group();
    const bool plain = !text.empty() && (std::all_of(text.begin(), text.end(), is_digit) ||
                                         std::all_of(text.begin(), text.end(), is_alpha));
    marks = plain ? "_" + text : "_{" + text + "}";
  }
  while (take('\'')) marks += '\'';
  return marks;
}

bool Parser::constant(int node) const {
  const auto children = tree_.children(node);
  if (tree_[node].kind == Node::number) return true;
  return !children.empty() &&
         std::all_of(children.begin(), children.end(), [this](int child) { return constant(child); });
}

int Parser::symbol(std::string name) {
  if (name == "e") return tree_.add(Node::euler, {});
  if (name == "i") return tree_.add(Node::imaginary, {});
  return tree_.add(Node::symbol, {}, std::move(name));
}

int Parser::letter_atom() {
  std::string name = now().text;
  ++at_;
  name += index();
  // f(x) is one quantity; x(x+1) is a product.
  const bool function = name[0] == 'f' || name[0] == 'g' || name[0] == 'h';
  if (function && now().is('(') && next(2).is(')') && !next().is(')')) {
    name += "(" + next().text + ")";
    at_ += 3;
  }
  return symbol(std::move(name));
}

int Parser::first_letter(Token& word) {
  const int letter = symbol(word.text.substr(0, 1));
  word.text.erase(0, 1);
  if (word.text.size() == 1) word.kind = Token::letter;
  return letter;
}

int Parser::symbol_product(const std::string& word) {
  std::vector<int> letters;
  for (const char c : word.substr(0, word.size() - 1)) letters.push_back(symbol(std::string(1, c)));
  // A power or an index behind a product belongs to the last letter.
  letters.push_back(postfix(symbol(word.back() + index())));
  return tree_.add(Node::mul, letters);
}

int Parser::word_atom() {
  const Token token = now();
  const std::string small = lower(token.text);
  // US\$10, USD 10
  if (token.text == "US" && next().is_command("$")) {
    ++at_;
    return command_atom();
  }
  if (next().kind == Token::number) {
    const std::string currency = known_unit(token.text).value_or("");
    if (currency == "$" || currency == "euro" || currency == "gbp") {
      ++at_;
      return tree_.add(Node::unit, {factor()}, currency);
    }
  }
  if (is_function(token.text) || is_function(small)) {
    ++at_;
    return function(std::string(plain_function(is_function(token.text) ? token.text : small)));
  }
  if (small == "pi") {
    ++at_;
    return tree_.add(Node::pi, {});
  }
  if (small == "infinity" || small == "inf" || token.text == "oo") {
    ++at_;
    return tree_.add(Node::infinity, {});
  }
  if (is_greek(token.text)) {
    ++at_;
    return tree_.add(Node::symbol, {}, token.text);
  }
  const bool letters = std::all_of(token.text.begin(), token.text.end(), is_alpha);
  if (letters && token.text.size() == 1) {
    ++at_;
    return tree_.add(Node::symbol, {}, token.text);
  }
  if (!token.in_text && letters &&
      (token.text.size() <= 3 ||
       (token.text.size() <= 4 && std::all_of(token.text.begin(), token.text.end(), is_upper)))) {
    ++at_;
    return symbol_product(token.text);
  }
  return fail("words: " + token.text);
}

int Parser::command_atom() {
  const std::string name = now().text;
  if (name == "{" || name == "langle") return brackets();
  if (name == "|") return absolute();
  if (name == "begin") return environment();
  ++at_;
  if (name == "frac") {
    const int top = argument();
    return tree_.add(Node::div, {top, argument()});
  }
  if (name == "binom") {
    const int top = argument();
    return tree_.add(Node::call, {top, argument()}, "binom");
  }
  if (name == "sqrt") {
    if (!take('[')) return tree_.add(Node::call, {argument()}, "sqrt");
    const int degree = expression();
    if (!take(']')) return fail("a root whose degree never ends");
    return tree_.add(Node::call, {argument(), degree}, "root");
  }
  if (name == "pi") return tree_.add(Node::pi, {});
  if (name == "infty") return tree_.add(Node::infinity, {});
  if (name == "emptyset") return tree_.add(Node::empty_set, {});
  if (name == "mathbb") {
    const std::string which = raw_group();
    const size_t group = next().is('{') ? 1 : 0;
    const bool positive = (now().is('^') && next(1 + group).is('+')) ||
                          (now().is('_') && next(1 + group).is('>') && next(2 + group).text == "0");
    if (which == "R" && positive) {
      ++at_;
      raw_group();
      return tree_.add(Node::tuple, {tree_.number(Rational()), tree_.add(Node::infinity, {})}, "()");
    }
    if (which.size() != 1 || std::string_view("RQZNC").find(which[0]) == std::string_view::npos)
      return fail("unknown set " + which);
    return tree_.add(Node::number_set, {}, which);
  }
  if (name == "lfloor" || name == "lceil") {
    const int inside = expression();
    if (!take_command(name == "lfloor" ? "rfloor" : "rceil")) return fail("a bracket that never closes");
    return tree_.add(Node::call, {inside}, name == "lfloor" ? "floor" : "ceil");
  }
  if (name == "$" || name == "euro" || name == "pounds") {
    const std::string unit = name == "pounds" ? "gbp" : name;
    const int amount = factor();
    return tree_.add(Node::unit, {amount}, unit);
  }
  if (is_function(name)) return function(name == "log" ? "log10" : std::string(plain_function(name)));
  if (is_greek(name)) return tree_.add(Node::symbol, {}, name + index());
  if (name == "repeat" || name == "dot") {  // \bar x as x; \overline{AB}
    const std::string over = raw_group();
    return tree_.add(Node::symbol, {}, over.size() == 1 && is_alpha(over[0]) ? over : "over{" + over + "}");
  }
  return fail("\\" + name + " is not known here");
}

int Parser::implied_argument() {
  // \sin 2x: factors up to a sign, a function or a bracket.
  const bool minus = take('-');
  std::vector<int> factors = {power()};
  while (problem_.empty()) {
    const Token& t = now();
    const bool on =
        t.kind == Token::letter || (t.kind == Token::number && tokens_[at_ - 1].kind != Token::number) ||
        (t.kind == Token::command && (t.text == "pi" || t.text == "frac" || t.text == "sqrt" || is_greek(t.text)));
    if (!on) break;
    factors.push_back(power());
  }
  const int all = product(factors);
  return minus ? negated(all) : all;
}

int Parser::function(std::string name) {
  int up = -1, base = -1;
  for (;;) {
    if (up < 0 && now().is('^')) {
      ++at_;
      const bool minus = take('-');
      up = power();
      if (minus) up = negated(up);
    } else if (base < 0 && now().is('_')) {
      ++at_;
      base = argument();
    } else {
      break;
    }
  }
  std::vector<int> arguments;
  if (now().is('(') || now().is('[') || now().is_command("{")) {
    const int group = brackets();
    const Node::Kind kind = tree_[group].kind;
    if (kind == Node::tuple || kind == Node::set)
      arguments.assign(tree_.children(group).begin(), tree_.children(group).end());
    else arguments = {group};
  } else {
    arguments = {now().is('{') ? braces() : implied_argument()};
  }
  if (base >= 0) {
    if (name != "log" && name != "log10") return fail("an index on " + name);
    const int top = tree_.add(Node::call, arguments, "ln");
    const int log = tree_.add(Node::div, {top, tree_.add(Node::call, {base}, "ln")});
    return up < 0 ? log : tree_.add(Node::pow, {log, up});
  }
  if (name == "log" && arguments.size() == 2) {  // log(x, 2)
    const int top = tree_.add(Node::call, {arguments[0]}, "ln");
    return tree_.add(Node::div, {top, tree_.add(Node::call, {arguments[1]}, "ln")});
  }
  if (name == "cis" && arguments.size() == 1) {
    const int sine = tree_.add(Node::mul, {tree_.add(Node::imaginary, {}), tree_.add(Node::call, arguments, "sin")});
    const int sum = tree_.add(Node::add, {tree_.add(Node::call, arguments, "cos"), sine});
    return up < 0 ? sum : tree_.add(Node::pow, {sum, up});
  }
  const bool inverse = up >= 0 && is_number(up) && tree_[up].value == Rational(-1) && is_function("a" + name);
  const int call = tree_.add(Node::call, arguments, inverse ? "a" + name : name);
  return up < 0 || inverse ? call : tree_.add(Node::pow, {call, up});
}

int Parser::brackets() {
  const std::string open = now().text;
  ++at_;
  const int outer_bars = std::exchange(bars_, 0);
  if (open == "{" && take_command("}")) {
    bars_ = outer_bars;
    return tree_.add(Node::empty_set, {});
  }
  const std::optional<int> condition = open == "{" ? set_builder() : std::nullopt;
  const int inside = condition ? *condition : list();
  bars_ = outer_bars;
  const std::string close = now().text;
  // [0,1[ and ]0,1[ as well
  const bool french = now().is('[') && (open == "]" || ends_element(at_ + 1) || next().is_command("cup"));
  const bool closed = open == "{"        ? now().is_command("}")
                      : open == "langle" ? now().is_command("rangle")
                                         : now().is(')') || now().is(']') || french;
  if (!closed) return fail("a bracket that never closes");
  ++at_;
  if (condition) return inside;
  const bool several = tree_[inside].kind == Node::list;
  const std::vector<int> items = several
                                     ? std::vector<int>(tree_.children(inside).begin(), tree_.children(inside).end())
                                     : std::vector<int>{inside};
  if (open == "{") return tree_.add(Node::set, items);
  if (several) {
    const std::string left = open == "langle" || open == "]" ? "(" : open;
    return tree_.add(Node::tuple, items, left + (open == "langle" || close == "[" ? ")" : close));
  }
  return open == "]" ? fail("a bracket that never opens") : inside;
}

// {x | x > 2}, {x \in \mathbb{R} : x > 2} as the condition; none where it is another set. Stands behind the brace.
std::optional<int> Parser::set_builder() {
  const size_t start = at_;
  if (now().kind != Token::letter) return std::nullopt;
  ++at_;
  if (take_command("in") && !(take_command("mathbb") && raw_group() == "R")) {
    at_ = start;
    return std::nullopt;
  }
  if (!(take('|') || take_command("|") || take(':') || take_command(":"))) {
    at_ = start;
    return std::nullopt;
  }
  // Of equations the last member would count, as in "x = 2".
  const int condition = list();
  const auto ordering = [this](int node) {
    return tree_[node].kind == Node::relation && tree_[node].name.find_first_of("=~e") == std::string::npos;
  };
  const auto parts = tree_.children(condition);
  const bool all = tree_[condition].kind == Node::list && std::all_of(parts.begin(), parts.end(), ordering);
  return all || ordering(condition) ? condition : fail("a set whose condition is no inequality");
}

int Parser::braces() {
  ++at_;
  if (take('}')) return fail("an empty group");
  const int outer_bars = std::exchange(bars_, 0);
  const std::optional<int> condition = set_builder();
  int inside = condition ? *condition : list();
  if (take_command("over")) inside = tree_.add(Node::div, {inside, list()});
  else if (take_command("choose")) inside = tree_.add(Node::call, {inside, list()}, "binom");
  bars_ = outer_bars;
  if (!take('}')) return fail("a brace that never closes");
  if (condition) return inside;
  if (tree_[inside].kind != Node::list) return inside;
  const std::vector<int> items(tree_.children(inside).begin(), tree_.children(inside).end());
  return tree_.add(Node::set, items);
}

int Parser::absolute() {
  ++at_;
  ++bars_;
  const int inside = expression();
  --bars_;
  if (!take('|') && !take_command("|")) return fail("a bar that never closes");
  return tree_.add(Node::call, {inside}, "abs");
}

int Parser::environment() {
  ++at_;
  const std::string name = raw_group();
  static constexpr std::array<std::string_view, 7> kMatrices = {"matrix",  "pmatrix", "bmatrix",    "vmatrix",
                                                                "Bmatrix", "array",   "smallmatrix"};
  if (std::find(kMatrices.begin(), kMatrices.end(), name) == kMatrices.end()) return fail("environment " + name);
  if (name == "array" && now().is('{')) raw_group();
  std::vector<int> cells;
  size_t columns = 0, here = 0;
  while (problem_.empty()) {
    cells.push_back(relation());
    ++here;
    if (take('&')) continue;
    if (columns == 0) columns = here;
    if (columns != here) return fail("rows of different lengths");
    here = 0;
    if (take_command("newline") && !now().is_command("end")) continue;
    if (!take_command("end")) return fail("environment " + name + " never ends");
    break;
  }
  if (problem_.empty() && raw_group() != name) return fail("environment " + name + " ends as another");
  const int matrix = tree_.add(Node::matrix, cells, {}, Rational(static_cast<long>(columns)));
  return name == "vmatrix" ? tree_.add(Node::call, {matrix}, "det") : matrix;
}

int Parser::argument() {
  const Level level(depth_);
  if (level.too_deep()) return fail("nested too deeply");
  if (now().is('{')) return braces();
  if (now().is('(')) return brackets();
  Token& token = tokens_[at_];
  // \frac x2: the lexer takes x2 for x with an index.
  if (token.kind == Token::letter && token.text.size() > 2 && token.text[1] == '_' && is_digit(token.text[2])) {
    const int letter = symbol(token.text.substr(0, 1));
    token.text.erase(0, 2);
    token.kind = Token::number;
    return letter;
  }
  // \frac12 is 1/2; a root takes the whole number.
  const bool root = at_ > 0 && (tokens_[at_ - 1].is_command("sqrt") || tokens_[at_ - 1].is(']'));
  if (token.kind == Token::number && token.text.size() > 1 && !root) {
    if (!std::all_of(token.text.begin(), token.text.end(), is_digit))
      return fail("\\frac with a decimal and no braces");
    const int digit = tree_.number(Rational(token.text[0] - '0'));
    token.text.erase(0, 1);
    return digit;
  }
  return atom();
}

}  // namespace reckon::verify
