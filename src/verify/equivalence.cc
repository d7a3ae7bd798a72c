#include "verify/equivalence.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "verify/calendar.h"
#include "verify/choice.h"
#include "verify/compare.h"
#include "verify/number_words.h"
#include "verify/numeral.h"
#include "verify/reading.h"
#include "verify/scan.h"
#include "verify/text_form.h"
#include "verify/vocabulary.h"

namespace reckon::verify {
namespace {

bool same_without_space(std::string_view a, std::string_view b) {
  size_t i = 0, j = 0;
  for (;;) {
    while (i < a.size() && is_space(a[i])) ++i;
    while (j < b.size() && is_space(b[j])) ++j;
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (a[i] != b[j]) return false;
    // "4 2" is not "42", "a b" not "ab".
    if (i > 0 && j > 0 && is_alnum(a[i]) && is_space(a[i - 1]) != is_space(b[j - 1])) return false;
    ++i;
    ++j;
  }
}

// Text that no one means as an answer: control characters, bytes that are not UTF-8.
bool readable(std::string_view text) {
  return valid_utf8(text) && std::none_of(text.begin(), text.end(),
                                          [](char c) { return static_cast<unsigned char>(c) < 0x20 && !is_space(c); });
}

// A gold that is a letter: (B), B, \text{(B)}.
std::optional<char> letter_gold(std::string_view gold) {
  std::string form = text_form(gold);
  if (form.size() == 3 && form[0] == '(' && form[2] == ')') form = form.substr(1, 1);
  if (form.size() != 1 || !is_lower(form[0])) return std::nullopt;
  const char letter = static_cast<char>(form[0] - 'a' + 'A');
  return gold.find(letter) == std::string_view::npos ? std::nullopt : std::optional(letter);
}

// The same notion in different words.
std::string_view notion(std::string_view form) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kNotions = {
      {{"dne", "does not exist"},
       {"doesn't exist", "does not exist"},
       {"do not exist", "does not exist"},
       {"does not exist", "does not exist"},
       {"no solutions", "no solution"},
       {"no real solution", "no solution"},
       {"no real solutions", "no solution"},
       {"no solution", "no solution"},
       {"not defined", "undefined"},
       {"is undefined", "undefined"},
       {"undefined", "undefined"},
       {"emptyset", "no solution"}}};
  for (const auto& [words, meaning] : kNotions)
    if (form == words) return meaning;
  return form;
}

bool balanced(std::string_view text) {
  return std::count(text.begin(), text.end(), '{') == std::count(text.begin(), text.end(), '}');
}

Comparison words(std::string_view gold, std::string_view candidate) {
  const std::string a = text_form(gold), b = text_form(candidate);
  if (a.empty() || b.empty()) return {Verdict::different, "nothing to compare"};
  if (notion(a) == notion(b)) return {Verdict::equal, "the same words"};
  return {Verdict::different, "other words"};
}

bool has_wide_comma(std::string_view text) {
  for (size_t i = 1; i + 1 < text.size(); ++i)
    if (text[i] == ',' && is_digit(text[i - 1]) && is_digit(text[i + 1])) return true;
  return false;
}

Comparison formulas(const Reading& gold, const Reading& candidate) {
  Comparison result = compare_terms(gold.term(), candidate.term());
  if (result.verdict == Verdict::equal) return result;
  // "100,200" beside "100, 200": the comma may part a list after all.
  const auto list = [](const Reading& r) {
    return r.term()->kind == Node::list || r.term()->kind == Node::set || r.term()->kind == Node::tuple;
  };
  if (list(gold) != list(candidate) && (has_wide_comma(gold.text) || has_wide_comma(candidate.text))) {
    const Reading a = read(gold.text, Commas::separate), b = read(candidate.text, Commas::separate);
    if (a.ok() && b.ok()) {
      const Comparison again = compare_terms(a.term(), b.term());
      if (again.verdict == Verdict::equal) return again;
    }
  }
  return result;
}

std::optional<Comparison> calendar(std::string_view gold, std::string_view candidate) {
  if (const auto date = date_form(gold)) {
    const auto other = date_form(candidate);
    return Comparison{other == date ? Verdict::equal : Verdict::different, "dates"};
  }
  if (const auto time = time_form(gold)) {
    const auto other = time_form(candidate);
    return Comparison{other == time ? Verdict::equal : Verdict::different, "times"};
  }
  return std::nullopt;
}

bool has_symbols(const Reading& reading) { return has_kind(reading.term(), Node::symbol); }

std::optional<Comparison> number_said(const Reading& gold, std::string_view candidate) {
  const std::string_view number = number_in_prose(candidate);
  const Reading said = number.empty() ? Reading() : read(number);
  if (!said.ok()) return std::nullopt;
  Comparison result = formulas(gold, said);
  result.reason = "the one number of a sentence: " + result.reason;
  return result;
}

Comparison compare_read(std::string_view gold, std::string_view candidate) {
  if (const auto letter = letter_gold(gold)) {
    if (const auto other = parse_choice(candidate))
      return {other == letter ? Verdict::equal : Verdict::different, "letters"};
    if (strip_wrapping(gold).size() != 1) return {Verdict::different, "not one letter"};
  }
  if (const auto verdict = calendar(gold, candidate)) return *verdict;
  const Reading a = read(gold), b = read(candidate);
  if (a.ok() && b.ok()) {
    Comparison result = formulas(a, b);
    // "He has 5 apples": short words that were read as variables.
    if (result.verdict == Verdict::different && has_symbols(b) && !has_symbols(a))
      if (auto said = number_said(a, candidate); said && said->verdict == Verdict::equal) return *said;
    return result;
  }
  Comparison spoken = words(gold, candidate);
  if (spoken.verdict == Verdict::equal && balanced(gold) == balanced(candidate)) return spoken;
  if (a.ok() && !b.ok()) {
    if (!has_symbols(a))
      if (auto said = number_said(a, candidate)) return *said;
    const bool heavy =
        b.problem.starts_with("too") || b.problem.starts_with("exponent") || b.problem.starts_with("nested");
    return {heavy ? Verdict::undecided : Verdict::different, "the candidate is no formula: " + b.problem};
  }
  if (!a.ok() && b.ok()) return {Verdict::different, "the gold is no formula: " + a.problem};
  return {Verdict::different, "other words"};
}

// Before a key that is no answer itself: read again it would get another one.
constexpr std::string_view kOnlyKey = "≈";

// A symbol that is read back as itself (x, x_1, alpha, infinity), from `at` on; 0 where the letters say more.
size_t symbol_length(std::string_view key, size_t at) {
  const auto run = [&](size_t from, auto&& part) {
    while (from < key.size() && part(key[from])) ++from;
    return from;
  };
  size_t end = run(at, is_alpha);
  const std::string_view letters = key.substr(at, end - at);
  if (letters.size() == 1 ? letters == "e" || letters == "i" : !is_greek(letters) && letters != "infinity") return 0;
  if (letters == "Pi") return 0;  // the key of \Pi; read again it is the number
  if (letters.size() == 1 && end < key.size() && key[end] == '_') {
    const size_t name = end + 1;
    const bool digits = name < key.size() && is_digit(key[name]);
    end = digits ? run(name, is_digit) : run(name, is_alpha);
    if (end == name || (!digits && end > name + 1)) return 0;  // x_{ab}-c is read with more in its index
  }
  const bool ends = end == key.size() || std::string_view("*^+-,=)]}").find(key[end]) != std::string_view::npos;
  return ends ? end - at : 0;
}

// Whether the key of a formula is that value in writing, so that it is read back as itself: rationals, polynomials,
// equations that begin with a number, and lists and tuples of them. Digits of a root are not, nor unions of intervals.
bool in_writing(std::string_view key) {
  if (key == "empty") return true;
  if (key.size() > 2000) return false;  // a number may be too long to be read
  std::vector<bool> commas;  // of the brackets that are open: a bracket around one member would be read as a group
  for (size_t i = 0; i < key.size();) {
    const char c = key[i];
    if (is_digit(c)) {
      const size_t end = std::min(key.find_first_not_of("0123456789", i), key.size());
      // 01 is read as 1, {2,345} as 2345.
      const bool grouped = end - i == 3 && i > 1 && key[i - 1] == ',' && is_digit(key[i - 2]) && key.front() == '{';
      const bool long_part = end - i > 500 && end - i < key.size();  // polynomials of such numbers are not expanded
      if ((c == '0' && end - i > 1) || grouped || long_part) return false;
      i = end;
      continue;
    }
    if (is_alpha(c)) {
      const bool apart = i == 0 || std::string_view("*+-,=([{").find(key[i - 1]) != std::string_view::npos;
      const size_t length = symbol_length(key, i);
      if (!apart || length == 0) return false;
      i += length;
      continue;
    }
    if (c == '(' || c == '[' || c == '{') commas.push_back(false);
    else if (c == ',' && !commas.empty()) commas.back() = true;
    else if (c == ')' || c == ']' || c == '}') {
      if (commas.empty() || !commas.back()) return false;
      commas.pop_back();
    } else if (c == '=' ? !(is_digit(key[0]) || key[0] == '-')
                        : std::string_view("+-*/^").find(c) == std::string_view::npos) {
      return false;
    }
    ++i;
  }
  return commas.empty();
}

std::string text_key(std::string_view answer) { return text_form(answer.substr(0, kLongestInput)); }

// The key of what is neither a number nor text; empty for those.
std::string formula_key(std::string_view answer) {
  if (const auto date = date_form(answer)) return *date;
  if (const auto time = time_form(answer)) return *time;
  const Reading reading = read(answer);
  std::string key = reading.ok() ? term_key(reading.term()) : std::string();
  return key.empty() || in_writing(key) ? key : std::string(kOnlyKey) + key;
}

}  // namespace

Comparison compare_math(std::string_view gold, std::string_view candidate) {
  const std::string_view a = trim(gold), b = trim(candidate);
  if (a.empty() || b.empty()) return {Verdict::different, "an empty answer"};
  if (const auto x = parse_numeral(a))
    if (const auto y = parse_numeral(b)) return {*x == *y ? Verdict::equal : Verdict::different, "decimal numbers"};
  if (!readable(a) || !readable(b)) return {Verdict::error, "not readable text"};
  if (same_without_space(a, b)) return {Verdict::equal, "the same text"};
  if (a.size() > kLongestInput || b.size() > kLongestInput) return {Verdict::undecided, "too long"};
  return compare_read(a, b);
}

Comparison compare_text(std::string_view gold, std::string_view candidate) {
  if (!readable(gold) || !readable(candidate)) return {Verdict::error, "not readable text"};
  if (gold.size() > kLongestInput || candidate.size() > kLongestInput)
    return {gold == candidate ? Verdict::equal : Verdict::different, "long text"};
  Comparison spoken = words(gold, candidate);
  if (spoken.verdict == Verdict::equal) return spoken;
  const auto number = [](std::string_view text) {
    const std::string form = text_form(text);
    if (const auto words_number = number_from_words(form)) return words_number;
    const auto numeral = parse_numeral(form);
    return numeral ? std::optional(to_string(*numeral)) : std::nullopt;
  };
  if (const auto x = number(gold))
    if (number(candidate) == x) return {Verdict::equal, "the same number in words"};
  if (const auto date = date_form(gold); date && date_form(candidate) == date) return {Verdict::equal, "the same date"};
  if (const auto time = time_form(gold); time && time_form(candidate) == time) return {Verdict::equal, "the same time"};
  return spoken;
}

Comparison compare_choice(std::string_view gold, std::string_view candidate) {
  const auto a = parse_choice(gold);
  if (!a) return words(gold, candidate);
  return {parse_choice(candidate) == a ? Verdict::equal : Verdict::different, "letters"};
}

std::string canonical_math(std::string_view answer) {
  if (const auto value = parse_numeral(answer)) return to_string(*value);
  if (!valid_utf8(answer)) return {};
  if (answer.starts_with(kOnlyKey)) return std::string(answer);
  if (std::string key = formula_key(answer); !key.empty()) return key;
  std::string words = text_key(answer);
  if (words == answer) return words;
  // Without its markup the text may be something else.
  const auto number = parse_numeral(words);
  std::string again = number ? to_string(*number) : formula_key(words);
  if (again.empty()) again = text_key(words);
  return again == words ? words : std::string(kOnlyKey) + words;
}

}  // namespace reckon::verify
