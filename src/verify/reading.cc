#include "verify/reading.h"

#include <algorithm>
#include <array>

#include "verify/number_words.h"
#include "verify/scan.h"
#include "verify/text_form.h"

namespace reckon::verify {
namespace {

constexpr auto kNone = std::string_view::npos;

// A single short word is a word, unless its letters are the usual variables.
bool lone_word(const std::vector<Token>& tokens) {
  if (tokens.size() != 2 || tokens[0].kind != Token::word) return false;
  const std::string small = lower(tokens[0].text);
  if (small.size() > 3) return false;
  if (small == "pi" || small == "inf" || small == "oo") return false;
  if (small.size() == 2) {
    static constexpr std::array<std::string_view, 28> kWords = {
        "no", "on", "up", "in", "it", "to", "of", "or", "so", "us", "we", "he", "me", "my",
        "by", "at", "an", "as", "am", "be", "do", "go", "hi", "if", "is", "ok", "ox", "oh"};
    return std::find(kWords.begin(), kWords.end(), small) != kWords.end();
  }
  return small.find_first_not_of("abcxyzpqrkmn") != kNone;
}

// Where the last "=" or "in" outside brackets ends, or 0.
size_t after_last_equals(const std::vector<Token>& tokens) {
  int depth = 0;
  size_t found = 0;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    const Token& t = tokens[i];
    if (t.is('(') || t.is('[') || t.is('{') || t.is_command("{")) ++depth;
    if (t.is(')') || t.is(']') || t.is('}') || t.is_command("}")) --depth;
    if (depth == 0 && (t.is('=') || t.is_command("in"))) found = i + 1;
  }
  return found;
}

// What is said in words and has a formula.
std::string_view phrase(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kPhrases = {
      {{"all real numbers", "\\mathbb{R}"},
       {"all reals", "\\mathbb{R}"},
       {"set of all real numbers", "\\mathbb{R}"},
       {"set of real numbers", "\\mathbb{R}"},
       {"negative infinity", "-\\infty"},
       {"minus infinity", "-\\infty"},
       {"positive infinity", "\\infty"}}};
  if (text.size() > 40 || text.find(' ') == kNone || has_digit(text)) return text;
  const std::string form = text_form(text);
  for (const auto& [words, formula] : kPhrases)
    if (form == words) return formula;
  return text;
}

// 1A3_{16}, AB_{16}: digits that the grammar would take for letters. 102 (base 3), 102 base three.
bool based_literal(std::string_view text, Reading& out) {
  std::string spoken;
  if (text.size() < 40 && text.find("base") != kNone) {
    spoken = text_form(text);
    const size_t at = std::min(spoken.find(" base "), spoken.find(" (base "));
    if (at == kNone) return false;
    std::string base = spoken.substr(spoken.find("base ", at) + 5);
    if (base.ends_with(')')) base.pop_back();
    spoken = spoken.substr(0, at) + "_" + number_from_words(base).value_or(base);
    text = spoken;
  }
  const size_t bar = text.rfind('_');
  if (bar == kNone || bar == 0 || bar > 64) return false;
  std::string_view base = text.substr(bar + 1);
  if (base.starts_with("{") && base.ends_with("}")) base = base.substr(1, base.size() - 2);
  if (base.empty() || base.size() > 2 || !std::all_of(base.begin(), base.end(), is_digit)) return false;
  const std::string_view digits = text.substr(0, bar);
  const int value = base.size() == 1 ? base[0] - '0' : (base[0] - '0') * 10 + base[1] - '0';
  if (value < 2 || value > 36) return false;
  const bool plain = std::all_of(digits.begin(), digits.end(), is_digit);
  const bool letters = value > 10 && digits.size() > 1 && std::all_of(digits.begin(), digits.end(), is_alnum);
  if (!plain && !letters) return false;
  out.node = out.tree.root = out.tree.add(Node::based, {}, lower(digits), Rational(value));
  return true;
}

// "\\text{seven}" as "seven".
std::string_view skip_text_command(std::string_view text) {
  for (const std::string_view open : {"\\text{", "\\mbox{", "\\textbf{", "\\textit{", "\\mathrm{"})
    if (text.starts_with(open) && text.ends_with("}"))
      return trim(text.substr(open.size(), text.size() - open.size() - 1));
  return text;
}

}  // namespace

Reading read(std::string_view text, Commas commas) {
  Reading out;
  out.text = phrase(strip_wrapping(text));
  if (based_literal(out.text, out)) return out;
  const std::vector<Token> tokens = tokenize(out.text, commas);
  if (tokens.empty()) {
    out.problem = "too long, or not text";
    return out;
  }
  const std::optional<std::string> spelled = number_from_words(skip_text_command(out.text));
  if (!spelled && !lone_word(tokens)) {
    Parsed parsed = parse(tokens);
    if (!parsed.ok()) {
      const size_t tail = after_last_equals(tokens);
      const bool denied = lower(out.text).find("except") != kNone;  // "all x except x = 4"
      if (!denied && tail > 0 && tail + 1 < tokens.size()) {
        Parsed rest = parse(std::span(tokens).subspan(tail));
        if (rest.ok()) parsed = std::move(rest);
      }
    }
    out.problem = std::move(parsed.problem);
    if (parsed.ok()) {
      out.node = parsed.tree.root;
      out.tree = std::move(parsed.tree);
      return out;
    }
  } else {
    out.problem = "a word";
  }
  if (spelled) {
    Parsed parsed = parse(tokenize(*spelled, Commas::separate));
    if (parsed.ok()) {
      out.node = parsed.tree.root;
      out.tree = std::move(parsed.tree);
    }
  }
  return out;
}

std::string_view number_in_prose(std::string_view text) {
  text = strip_wrapping(text);
  int words = 0;
  std::string_view number;
  for (size_t i = 0; i < text.size();) {
    if (is_alpha(text[i])) {
      size_t end = i;
      while (end < text.size() && (is_alpha(text[end]) || text[end] == '\'')) ++end;
      const std::string word = lower(text.substr(i, end - i));
      for (const std::string_view no :
           {"not", "no", "never", "neither", "or", "than", "between", "about", "approximately", "nearly", "almost",
            "roughly", "around", "percent", "half", "twice", "times", "least", "most"})
        if (word == no) return {};
      if (word.ends_with("n't")) return {};
      words += end - i >= 2;
      i = end;
      continue;
    }
    if (!is_digit(text[i])) {
      if (text[i] == '=' || text[i] == '\\' || text[i] == '^' || text[i] == '%' || text[i] == ':' || text[i] == '+' ||
          text[i] == '*' || text[i] == '<' || text[i] == '>')
        return {};
      ++i;
      continue;
    }
    // x5, x_5 and f(5) are no amounts.
    const char behind = i > 0 ? text[i - 1] : ' ', before = i > 1 ? text[i - 2] : ' ';
    if (!number.empty() || is_alpha(behind) || behind == '_' || (behind == '(' && is_alpha(before))) return {};
    const bool minus = i > 0 && (text[i - 1] == '-' || (i > 1 && text[i - 1] == '$' && text[i - 2] == '-'));
    size_t end = i;
    while (end < text.size() && (is_digit(text[end]) || ((text[end] == ',' || text[end] == '.') &&
                                                         end + 1 < text.size() && is_digit(text[end + 1]))))
      ++end;
    if (end < text.size() && (text[end] == '/' || is_alpha(text[end]))) return {};
    if (minus && text[i - 1] == '$') return {};
    number = text.substr(minus ? i - 1 : i, end - i + (minus ? 1 : 0));
    i = end;
  }
  return words >= 3 ? number : std::string_view();
}

}  // namespace reckon::verify
