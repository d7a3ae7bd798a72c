#include "verify/extract.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "verify/choice.h"
#include "verify/code_blocks.h"
#include "verify/markers.h"
#include "verify/number_words.h"
#include "verify/scan.h"

namespace reckon::verify {
namespace {

constexpr auto kNone = std::string_view::npos;

// A number with its sign, separators, decimals, fraction bar, exponent, currency sign and percent sign.
struct Span {
  size_t begin = 0, end = 0;
};
std::optional<Span> number_at(std::string_view text, size_t i) {
  size_t end = i;
  if (end < text.size() && (text[end] == '-' || text[end] == '+')) ++end;
  if (end < text.size() && text[end] == '$') ++end;
  const size_t first = end;
  while (end < text.size() && (is_digit(text[end]) || ((text[end] == ',' || text[end] == '.') &&
                                                       end + 1 < text.size() && is_digit(text[end + 1]))))
    ++end;
  if (end == first) return std::nullopt;
  if (end + 2 < text.size() && text[end] == 'e' && (text[end + 1] == '+' || text[end + 1] == '-') &&
      is_digit(text[end + 2]))
    for (end += 2; end < text.size() && is_digit(text[end]);) ++end;
  if (end + 1 < text.size() && text[end] == '/' && is_digit(text[end + 1]))
    for (++end; end < text.size() && is_digit(text[end]);) ++end;
  if (end < text.size() && text[end] == '%') ++end;
  else if (text.substr(end).starts_with("\\%")) end += 2;
  return Span{i, end};
}

std::optional<Span> last_number(std::string_view text) {
  std::optional<Span> last;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool start = is_digit(text[i]) || (text[i] == '.' && i + 1 < text.size() && is_digit(text[i + 1])) ||
                       ((text[i] == '-' || text[i] == '$') && i + 1 < text.size() &&
                        (is_digit(text[i + 1]) || text[i + 1] == '$' || text[i + 1] == '.'));
    if (!start) continue;
    const bool minus = text[i] == '-' && i > 0 && (is_alnum(text[i - 1]) || text[i - 1] == ')');
    if (minus) continue;
    if (const auto number = number_at(text, i)) {
      last = number;
      i = number->end - 1;
    }
  }
  return last;
}

// The last formula in $...$ or \(...\) of a sentence.
Found last_formula(std::string_view text) {
  const auto between = [&](std::string_view open, std::string_view close) -> Found {
    const size_t end = text.rfind(close);
    if (end == kNone || end == 0) return std::nullopt;
    const size_t begin = text.rfind(open, end - 1);
    if (begin == kNone || end < begin + open.size()) return std::nullopt;
    const std::string_view inside = text.substr(begin + open.size(), end - begin - open.size());
    return inside.empty() ? std::nullopt : Found(inside);
  };
  Found best = between("\\(", "\\)");
  if (const Found display = between("\\[", "\\]"); display && (!best || display->data() > best->data())) best = display;
  // A pair of dollars is a formula; one dollar, or two before amounts, is money.
  if (std::count(text.begin(), text.end(), '$') % 2 == 0)
    if (const Found dollars = between("$", "$"); dollars && dollars->find("  ") == kNone) {
      const bool words = dollars->find(' ') != kNone && dollars->find_first_of("\\=+^_") == kNone;
      if (!words && (!best || dollars->data() > best->data())) best = dollars;
    }
  return best;
}

// The value that a sentence of prose ends in.
Found value_in_sentence(std::string_view sentence) {
  const size_t bold = sentence.rfind("**");
  if (bold != kNone && bold > 2) {
    const size_t open = sentence.rfind("**", bold - 1);
    if (open != kNone && has_digit(sentence.substr(open + 2, bold - open - 2)))
      return value_in_sentence(sentence.substr(open + 2, bold - open - 2));
  }
  if (const Found formula = last_formula(sentence)) {
    const size_t equals = formula->rfind('=');
    const std::string_view value = equals == kNone ? *formula : formula->substr(equals + 1);
    if (!trim(value).empty()) return strip_wrapping(value);
  }
  std::string_view tail = sentence;
  const size_t equals = sentence.rfind('=');
  if (equals != kNone && has_digit(sentence.substr(equals))) {
    tail = sentence.substr(equals + 1);
    if (const size_t end = tail.find(">>"); end != kNone && has_digit(tail.substr(end))) tail = tail.substr(end + 2);
    size_t i = 0;  // the first number after the last equals sign
    while (i < tail.size() && !is_digit(tail[i])) ++i;
    while (i > 0 && (tail[i - 1] == '.' || tail[i - 1] == '$' || tail[i - 1] == '-')) --i;
    if (const auto number = number_at(tail, i)) return tail.substr(number->begin, number->end - number->begin);
  }
  if (const auto number = last_number(sentence)) return sentence.substr(number->begin, number->end - number->begin);
  return last_number_word(sentence);
}

bool prose(std::string_view text) {  // three words of letters in a row, or so
  int words = 0;
  for (size_t i = 0; i < text.size();) {
    if (!is_alpha(text[i]) || (i > 0 && text[i - 1] == '\\')) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && (is_alpha(text[end]) || text[end] == '\'')) ++end;
    words += end - i >= 2;
    i = end;
  }
  return words >= 3;
}

// The end of the statement that begins the text: a line end, or a full stop before a space.
std::string_view statement(std::string_view text) {
  text = first_line(text);
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{' || text[i] == '(') ++depth;
    if (text[i] == '}' || text[i] == ')') --depth;
    if ((text[i] == '.' || text[i] == ';') && depth <= 0 && i + 1 < text.size() && is_space(text[i + 1]))
      return text.substr(0, i);
    if (text.substr(i).starts_with("。")) return text.substr(0, i);
    // "5 apples, because 2 + 3 = 5"
    if (text[i] == ',' && depth <= 0)
      for (const std::string_view reason : {" because ", " since ", " i.e.", " which ", " so "})
        if (text.substr(i + 1).starts_with(reason)) return text.substr(0, i);
  }
  return text;
}

// From what follows "the answer is" to the answer itself.
Found math_content(std::string_view content) {
  content = trim(content);
  for (const auto& [open, close] :
       {std::pair<std::string_view, std::string_view>{"\\(", "\\)"}, {"\\[", "\\]"}, {"$$", "$$"}}) {
    if (!content.starts_with(open)) continue;
    const size_t end = content.find(close, open.size());
    if (end != kNone) return strip_wrapping(content.substr(open.size(), end - open.size()));
  }
  std::string_view line = statement(content);
  if (line.starts_with("$")) {
    const size_t end = line.find('$', 1);
    const std::string_view inside = end == kNone ? std::string_view() : line.substr(1, end - 1);
    if (end != kNone && inside.find(' ') == kNone) return strip_wrapping(inside);
    if (end != kNone && (inside.find_first_of("\\=+^_(") != kNone)) return strip_wrapping(inside);
  }
  if (const size_t close = line.find("**"); close != kNone && close > 0) line = line.substr(0, close);
  for (const std::string_view open : {"\\\"", "\""})
    if (line.starts_with(open)) {
      const size_t end = line.find(open, open.size());
      line = line.substr(open.size(), end == kNone ? kNone : end - open.size());
    }
  line = strip_wrapping(line);
  if (line.empty()) return std::nullopt;
  if (!prose(line)) return line;
  // "12 because ...", "5 apples, so ...": the number that it begins with; else what the sentence says.
  if (const auto number = number_at(line, 0); number && line.find('=') == kNone)
    return line.substr(number->begin, number->end - number->begin);
  return value_in_sentence(line);
}

bool ends_sentence(std::string_view text) {
  text = trim(text);
  if (text.empty()) return false;
  if (text.ends_with("...")) return false;
  const char c = text.back();
  if (c == '$') return std::count(text.begin(), text.end(), '$') % 2 == 0 && !is_space(text[text.size() - 2]);
  return c == '.' || c == '!' || c == '?' || text.ends_with("**") || text.ends_with("\\]") || text.ends_with("\\)");
}

// A whole output that is nothing but an answer.
bool bare(std::string_view text) {
  if (text.empty() || text.size() > 400 || text.find('\n') != kNone) return false;
  const char c = text.back();
  return c != ',' && c != ':' && c != ';';
}

// A fenced block of one line at the very end.
Found last_fenced_line(std::string_view text) {
  text = trim(text);
  if (!skip_suffix(text, "```")) return std::nullopt;
  const size_t open = text.rfind("```");
  if (open == kNone) return std::nullopt;
  const std::string_view block = text.substr(open + 3);
  const size_t start = block.find('\n');
  const std::string_view inside = start == kNone ? std::string_view() : trim(block.substr(start));
  return bare(inside) ? Found(inside) : std::nullopt;
}

Found concluding_value(std::string_view text) {
  text = trim(text);
  if (!ends_sentence(text)) return std::nullopt;
  for (int sentences = 0; sentences < 4 && !text.empty(); ++sentences) {
    // A formula in display is one piece, whatever full stops it has.
    const size_t display = text.ends_with("\\]") ? text.rfind("\\[") : kNone;
    const std::string_view sentence = display != kNone ? text.substr(display) : last_sentence(text);
    if (const Found value = value_in_sentence(sentence)) return value;
    text = trim(text.substr(0, static_cast<size_t>(sentence.data() - text.data())));
  }
  return std::nullopt;
}

bool defines_something(std::string_view block) {
  for (const std::string_view word : {"def ", "async def ", "class ", "#include", "int main"})
    if (block.starts_with(word) || block.find("\n" + std::string(word)) != kNone) return true;
  return false;
}

// Out of "<think>", or nothing at all.
std::optional<std::string_view> heard(std::string_view text) {
  const auto said = spoken(text);
  if (!said || trim(*said).empty()) return std::nullopt;
  return said;
}

}  // namespace

Found extract_math(std::string_view text, bool cut) {
  const auto said = heard(text);
  if (!said) return std::nullopt;
  if (const auto mark = commitment(*said)) {
    if (mark->content.empty()) return std::nullopt;
    const std::string_view box = trim(mark->content);
    const char* before = mark->at;
    if (before && (std::strncmp(before, "\\boxed", 6) == 0 || std::strncmp(before, "\\f", 2) == 0)) {
      if (box.empty()) return std::nullopt;
      return strip_wrapping(box);
    }
    return math_content(mark->content);
  }
  const std::string_view whole = trim(*said);
  if (whole.starts_with("{") || whole.starts_with("```json")) return std::nullopt;  // a JSON answer that was cut off
  if (bare(whole) && !prose(whole)) return strip_wrapping(whole);
  if (cut) return std::nullopt;
  if (const Found fenced = last_fenced_line(whole); fenced && !prose(*fenced)) return fenced;
  return concluding_value(whole);
}

Found extract_text(std::string_view text, bool cut) {
  const auto said = heard(text);
  if (!said) return std::nullopt;
  if (const auto mark = commitment(*said)) {
    const std::string_view content = trim(mark->content);
    if (content.empty()) return std::nullopt;
    const size_t close = content.starts_with("\"") ? content.find('"', 1) : kNone;
    std::string_view line = close != kNone ? content.substr(1, close - 1) : statement(content);
    if (const size_t bold = line.find("**"); bold != kNone && bold > 0) line = line.substr(0, bold);
    line = strip_wrapping(line);
    return line.empty() ? std::nullopt : Found(line);
  }
  const std::string_view whole = trim(*said);
  if (bare(whole) && whole.find(". ") == kNone) return strip_wrapping(whole);
  if (cut) return std::nullopt;
  return last_fenced_line(whole);
}

std::optional<FoundChoice> extract_choice(std::string_view text, const std::vector<std::string>& choices, bool cut) {
  const auto said = heard(text);
  if (!said) return std::nullopt;
  const auto letter_in = [&](std::string_view piece) -> std::optional<FoundChoice> {
    piece = trim(piece);
    std::optional<char> letter = parse_choice(piece);
    if (!letter) letter = choice_with_text(piece, choices);
    return letter ? std::optional(FoundChoice{*letter, piece}) : std::nullopt;
  };
  if (const auto mark = commitment(*said)) {
    if (const auto found = letter_in(mark->content.substr(0, mark->content.find('\n')))) return found;
    if (const auto found = letter_in(statement(trim(mark->content)))) return found;
  }
  const std::string_view whole = trim(*said);
  if (bare(whole) && whole.size() <= 200)
    if (const auto found = letter_in(whole)) return found;
  if (cut) return std::nullopt;
  // "I would choose option (E) because ...", "**C**" on the last line.
  const std::string_view sentence = last_sentence(whole);
  if (const auto found = letter_in(sentence)) return found;
  const std::string low = lower(sentence);
  static constexpr std::array<std::string_view, 7> kLeads = {"option ", "choice ", "choice: ", "choose ",
                                                             "answer ", "select ", "pick "};
  for (const std::string_view lead : kLeads) {
    const size_t at = low.rfind(lead);
    if (at == kNone || low.find("either") != kNone) continue;
    if (const auto found = letter_in(sentence.substr(at + lead.size()))) return found;
  }
  return std::nullopt;
}

std::optional<FoundProgram> extract_code(std::string_view text, bool cut) {
  const auto said = heard(text);
  if (!said) return std::nullopt;
  std::vector<CodeBlock> blocks = code_blocks(*said);
  if (!blocks.empty() && !blocks.back().closed && cut) blocks.pop_back();
  if (!blocks.empty()) {
    // Behind the program there may be blocks that only show how it is called or what is printed.
    auto chosen = std::find_if(blocks.rbegin(), blocks.rend(),
                               [](const CodeBlock& block) { return defines_something(block.program); });
    if (chosen == blocks.rend()) chosen = blocks.rbegin();
    if (trim(chosen->piece).empty()) return std::nullopt;
    return FoundProgram{std::move(chosen->program), chosen->piece};
  }
  const std::string_view whole = trim(*said);
  for (const std::string_view start : {"def ", "import ", "from ", "class ", "#include", "#!"})
    if (whole.starts_with(start) && !cut) return FoundProgram{std::string(whole), whole};
  return std::nullopt;
}

}  // namespace reckon::verify
