#include <algorithm>
#include <array>

#include "verify/parser_impl.h"
#include "verify/scan.h"
#include "verify/vocabulary.h"

namespace reckon::verify {
namespace {

// Words that make a phrase something else than an amount with its unit.
bool prose_word(std::string_view word) {
  static constexpr std::array<std::string_view, 22> kWords = {
      "not", "no",   "if",    "is",    "are",  "than", "to",    "but",  "then",  "so",   "or",
      "and", "plus", "minus", "times", "with", "when", "where", "from", "least", "most", "because"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

bool has_number(const Tree& tree, int node) {
  const Node::Kind kind = tree[node].kind;
  if (kind == Node::tuple || kind == Node::set) return false;
  if (kind == Node::number || kind == Node::pi) return true;
  const auto children = tree.children(node);
  return std::any_of(children.begin(), children.end(), [&](int child) { return has_number(tree, child); });
}

bool unit_letter(const Token& t) {
  return t.kind == Token::letter && t.text.size() == 1 &&
         std::string_view("mgshLlJNWVAKF").find(t.text[0]) != std::string_view::npos;
}

}  // namespace

bool Parser::ends_element(size_t at) const {
  const Token& t = tokens_[at];
  return t.kind == Token::end || t.is(',') || t.is(';') || t.is('}') || t.is(')') || t.is(']') || t.is('=') ||
         t.is_word("and") || t.is_word("or") || t.is('<') || t.is('>') || t.is_command("le") || t.is_command("ge") ||
         t.is_command("approx") || t.is_command("}") || t.is_word(".");
}

// "miles per hour", "cm^2", "square feet", "in/s", up to the end of the list element.
std::optional<std::string> Parser::unit_at(size_t& at) const {
  std::string name;
  std::string dimension;  // from "square", "cubic"
  char join = '\0';
  int words = 0;
  for (; !ends_element(at);) {
    const Token& t = tokens_[at];
    if (t.is('/') || t.is_word("per") || t.is_word("an") || (t.is_word("a") && words > 0)) {
      if (words == 0 && t.is('/')) return std::nullopt;
      join = '/';
      ++at;
      continue;
    }
    if (t.is_command("cdot") || t.is('-') || t.is_word("of") || t.is_word("the")) {
      if (words == 0) return std::nullopt;
      ++at;
      continue;
    }
    const bool word = t.kind == Token::word && (!is_function(t.text) || t.text == "sec" || t.text == "min");
    if (!(word || unit_letter(t) || (t.kind == Token::letter && t.in_text)) || ++words > 8) return std::nullopt;
    const std::string small = lower(t.text);
    if (prose_word(small)) return std::nullopt;
    const std::string form = t.text == "h"           ? "hour"
                             : t.text == "L"         ? "l"
                             : t.kind == Token::word ? unit_form(t.text)
                                                     : t.text;
    ++at;
    if (form == "square" || form == "cubic") {
      dimension = form == "square" ? "^2" : "^3";
      continue;
    }
    const size_t joint = name.size();
    if (!name.empty()) name += join ? join : ' ';
    join = '\0';
    name += form;
    if (tokens_[at].is('^')) {
      size_t up = at + 1;
      const bool group = tokens_[up].is('{');
      up += group;
      const bool minus = tokens_[up].is('-');
      up += minus;
      if (tokens_[up].kind != Token::number) return std::nullopt;
      if (group && !tokens_[up + 1].is('}')) return std::nullopt;
      const bool below = minus && joint > 0 && name[joint] == ' ';  // m s^-1 is m/s
      if (below) name[joint] = '/';
      if (!below || tokens_[up].text != "1") name += (minus && !below ? "^-" : "^") + tokens_[up].text;
      at = up + 1 + (group ? 1 : 0);
    } else {
      name += dimension;
    }
    dimension.clear();
  }
  if (name.empty() && words == 0) return std::nullopt;
  return name.empty() ? "unit" + dimension : name;
}

// \frac{\text{m}}{\text{s}^2}, up to the end of the list element. Letters of formulas are units only behind a space and
// where hardly a formula has them so: m over s or s^2, km over h.
std::optional<Parser::Unit> Parser::unit_fraction(size_t at) const {
  if (!tokens_[at].is_command("frac") || !tokens_[at + 1].is('{')) return std::nullopt;
  size_t end = at + 2;
  const std::optional<std::string> top = unit_at(end);
  if (!top || !tokens_[end].is('}') || !tokens_[end + 1].is('{')) return std::nullopt;
  const size_t below = end += 2;
  const std::optional<std::string> bottom = unit_at(end);
  if (!bottom || !tokens_[end].is('}') || !ends_element(end + 1)) return std::nullopt;
  if (top->find('/') != std::string::npos || bottom->find('/') != std::string::npos) return std::nullopt;
  std::string name = *top + "/" + *bottom;
  const Token& first = tokens_[at + 2];
  const bool text = first.in_text && tokens_[below].in_text;
  const bool speed = (first.kind == Token::letter ? *top == "m" : known_unit(first.text).has_value()) &&
                     (*bottom == "s" || *bottom == "s^2");
  if (!text && !(tokens_[at].spaced && (speed || name == "km/hour"))) return std::nullopt;
  return Unit{std::move(name), end + 1};
}

int Parser::with_unit(int amount) {
  const Token& t = now();
  static constexpr std::array<std::pair<std::string_view, long>, 4> kScales = {
      {{"hundred", 2}, {"thousand", 3}, {"million", 6}, {"billion", 9}}};
  for (const auto& [word, power] : kScales)
    if (t.kind == Token::word && lower(t.text) == word) {
      ++at_;
      const bool money = tree_[amount].kind == Node::unit;
      const std::string name = tree_[amount].name;
      const int value = money ? tree_.child(amount, 0) : amount;
      const int scaled = tree_.add(Node::mul, {value, tree_.number(Rational::decimal("1", power))});
      return money ? tree_.add(Node::unit, {scaled}, name) : scaled;
    }
  // A unit stands behind a number; letters that could be variables only behind a space.
  const bool word = t.kind == Token::word && !(is_function(t.text) && !known_unit(t.text));
  const bool letter = (t.kind == Token::letter && t.in_text) || (unit_letter(t) && t.spaced);
  const Node& n = tree_[amount];
  const auto fraction = unit_fraction(at_);
  if (!word && !letter && !fraction) return amount;
  if (!has_number(tree_, amount)) return amount;
  const bool ordinal = t.text == "th" || t.text == "st" || t.text == "nd" || t.text == "rd";
  if (word && !t.in_text && t.text.size() <= 3 && !known_unit(t.text) && !ordinal && !t.spaced) return amount;
  if (word && (lower(t.text) == "pi" || is_greek(t.text) || lower(t.text) == "infinity" || lower(t.text) == "sqrt"))
    return amount;
  size_t at = at_;
  const auto name = fraction ? fraction->name : unit_at(at);
  if (!name) return amount;
  at_ = fraction ? fraction->end : at;
  if (n.kind == Node::unit) {
    // "$5 per day", "18.90 $ dollars": the sign says it already.
    const std::string sign = n.name;
    const int value = tree_.child(amount, 0);
    return tree_.add(Node::unit, {value}, sign == *name || name->empty() ? sign : sign + "/" + *name);
  }
  return tree_.add(Node::unit, {amount}, *name);
}

}  // namespace reckon::verify
