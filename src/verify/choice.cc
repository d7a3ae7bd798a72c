#include "verify/choice.h"

#include <algorithm>
#include <array>

#include "verify/scan.h"
#include "verify/text_form.h"

namespace reckon::verify {
namespace {

// The letter in its brackets or markup at the start; `rest` becomes what follows.
std::optional<char> leading_letter(std::string_view& rest) {
  std::string_view text = rest;
  static constexpr std::array<std::string_view, 9> kOpen = {
      "\\textbf{", "\\text{", "\\mathbf{", "\\mathrm{", "\\textrm{", "**", "\"", "$", "\\boxed{"};
  int braces = 0;
  for (bool again = true; again;) {
    again = false;
    text = trim(text);
    for (const std::string_view open : kOpen)
      if (skip_prefix(text, open)) {
        braces += open.back() == '{';
        again = true;
      }
  }
  const char bracket = !text.empty() && (text[0] == '(' || text[0] == '[') ? text[0] : '\0';
  if (bracket) text = trim(text.substr(1));
  if (text.empty() || !is_alpha(text[0])) return std::nullopt;
  const char letter = text[0];
  text = text.substr(1);
  const std::string_view after = trim(text);
  if (bracket) {
    if (after.empty() || (after[0] != ')' && after[0] != ']')) return std::nullopt;
    text = after.substr(1);
  } else if (!text.empty() && (is_alnum(text[0]) || text[0] == '\'' || text[0] == '_' || text[0] == '^')) {
    return std::nullopt;
  }
  bool closed = bracket || braces > 0;
  while (braces > 0 && skip_prefix(text, "}")) --braces;
  for (bool again = true; again;) {
    again = skip_prefix(text, "**") || skip_prefix(text, "$") || skip_prefix(text, "\"") || skip_prefix(text, "}");
    closed = closed || again;
  }
  if (is_lower(letter) && !closed && !trim(text).empty() && text[0] != ')' && text[0] != '.') return std::nullopt;
  rest = text;
  return static_cast<char>(is_lower(letter) ? letter - 'a' + 'A' : letter);
}

// Whether another letter is offered next to the first: "A or B", "A, B", "(A) and (C)".
bool offers_another(std::string_view rest) {
  rest = trim(rest);
  for (const std::string_view join : {"or ", "and ", ",", "/", "&", ";"}) {
    std::string_view next = rest;
    if (!skip_prefix(next, join)) continue;
    next = trim(next);
    skip_prefix(next, "or ");
    skip_prefix(next, "and ");
    if (leading_letter(next)) {
      const std::string_view after = trim(next);
      return after.empty() || !is_alpha(after[0]) || after.starts_with("or ") || after.starts_with("and ");
    }
  }
  return false;
}

}  // namespace

std::optional<char> parse_choice(std::string_view answer) {
  std::string_view rest = strip_wrapping(answer);
  if (rest.size() > 4000) return std::nullopt;
  // "Option B", "the answer is (B)": the words before the letter.
  static constexpr std::array<std::string_view, 16> kLeads = {"the best answer is",
                                                              "the correct answer is",
                                                              "the answer is",
                                                              "the correct option is",
                                                              "the correct choice is",
                                                              "answer is",
                                                              "answer:",
                                                              "the option",
                                                              "option",
                                                              "choice",
                                                              "answer",
                                                              "letter",
                                                              "it is",
                                                              "it's",
                                                              "i choose",
                                                              "so"};
  bool led = false;
  for (bool again = true; again;) {
    again = false;
    rest = trim(rest);
    const std::string low = lower(rest.substr(0, 40));
    for (const std::string_view lead : kLeads)
      if (low.starts_with(lead) && rest.size() > lead.size() && !is_alnum(rest[lead.size()])) {
        rest.remove_prefix(lead.size());
        while (!rest.empty() && (rest[0] == ':' || is_space(rest[0]))) rest.remove_prefix(1);
        again = led = true;
        break;
      }
  }
  const std::optional<char> letter = leading_letter(rest);
  if (!letter) return std::nullopt;
  const std::string_view after = trim(rest);
  if (after.empty()) return letter;
  if (offers_another(rest)) return std::nullopt;
  const std::string low = lower(after.substr(0, 40));
  for (const std::string_view wrong : {"is not ", "is wrong", "is incorrect", "isn't", "is false", "cannot be"})
    if (low.starts_with(wrong)) return std::nullopt;
  const char next = after[0];
  if (next == ')' || next == '.' || next == ':' || next == ',' || next == '(' || next == '-' || next == ';')
    return letter;
  const bool bracketed =
      rest.data() != answer.data() && (rest.data()[-1] == ')' || rest.data()[-1] == '}' || rest.data()[-1] == ']' ||
                                       rest.data()[-1] == '*' || rest.data()[-1] == '$');
  if (bracketed || led || next == '\\') return letter;
  for (const std::string_view right : {"is right", "is correct", "is the ", "because", "since"})
    if (low.starts_with(right)) return letter;
  return std::nullopt;
}

std::optional<char> choice_with_text(std::string_view answer, const std::vector<std::string>& choices) {
  const std::string wanted = text_form(answer);
  if (wanted.empty()) return std::nullopt;
  std::optional<char> found;
  for (size_t i = 0; i < choices.size() && i < 26; ++i)
    if (text_form(choices[i]) == wanted) {
      if (found) return std::nullopt;
      found = static_cast<char>('A' + i);
    }
  return found;
}

}  // namespace reckon::verify
