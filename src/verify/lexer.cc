#include "verify/lexer.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "verify/scan.h"
#include "verify/symbols.h"
#include "verify/text_form.h"
#include "verify/vocabulary.h"

namespace reckon::verify {
namespace {

constexpr auto kNone = std::string_view::npos;

template <size_t N>
bool among(const std::array<std::string_view, N>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

class Lexer {
 public:
  Lexer(std::string_view text, Commas commas) : text_(text), commas_(commas) {}

  std::vector<Token> run() {
    tokens_.reserve(text_.size() / 2 + 2);
    while (at_ < text_.size() && tokens_.size() < kMostTokens && !failed_) step();
    if (failed_ || at_ < text_.size()) return {};
    while (!tokens_.empty() && tokens_.back().is_command("newline")) tokens_.pop_back();
    add(Token::end, "");
    return std::move(tokens_);
  }

 private:
  void step() {
    const char c = text_[at_];
    if (is_space(c) || c == '~') {
      spaced_ = true;
      ++at_;
    } else if (c == '\\') {
      command();
    } else if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
      number();
    } else if (is_alpha(c) || static_cast<unsigned char>(c) >= 0x80) {
      letters();
    } else if (c == '$') {
      dollar();
    } else if (c == '.') {
      full_stop();
    } else if (c == '*' && text_.substr(at_).starts_with("**")) {
      // Python's power; as Markdown emphasis it has been taken off before.
      at_ += 2;
      add(Token::mark, "^");
    } else if (std::string_view("<>").find(c) != kNone && text_.substr(at_ + 1).starts_with("=")) {
      at_ += 2;
      add(Token::command, c == '<' ? "le" : "ge");
    } else if (c == '!' && text_.substr(at_ + 1).starts_with("=") && (at_ == 0 || is_space(text_[at_ - 1]))) {
      at_ += 2;
      add(Token::command, "ne");
    } else if (std::string_view("+-*/^_()[]{},;:=<>|!%&'").find(c) != kNone) {
      ++at_;
      const bool was_text = in_text_;
      track(c);
      if (was_text && !in_text_) spaced_ = true;  // the brace that ends \text{} is no group
      else add(Token::mark, std::string(1, c));
    } else if (c == '"' || c == '`') {
      ++at_;
    } else {
      failed_ = true;
    }
  }

  void track(char c) {
    if (c == '{') {
      ++braces_;
      if (text_braces_ > 0) ++text_braces_;
    }
    if (c == '}') {
      --braces_;
      if (text_braces_ > 0 && --text_braces_ == 0) in_text_ = false;
    }
    if (c == '(' || c == '[') ++brackets_;
    if (c == ')' || c == ']') --brackets_;
  }

  void add(Token::Kind kind, std::string text) {
    tokens_.push_back({kind, std::move(text), spaced_, in_text_});
    spaced_ = false;
  }

  // A dollar sign is money before or after a number, and the edge of a formula elsewhere.
  void dollar() {
    ++at_;
    if (text_.substr(at_).starts_with("$")) {
      ++at_;
      return;
    }
    const bool amount = at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.');
    const bool after = !tokens_.empty() && tokens_.back().kind == Token::number && !dollar_open_;
    if (std::count(text_.begin(), text_.end(), '$') % 2 == 1 && (amount || after)) add(Token::command, "$");
    else dollar_open_ = !dollar_open_;
  }

  void full_stop() {
    const size_t dots = std::min(text_.find_first_not_of('.', at_), text_.size()) - at_;
    at_ += dots;
    if (dots >= 2) {
      add(Token::command, "dots");
      return;
    }
    // The end of a sentence, or \left. and "5." before more words; elsewhere it means nothing we know.
    if (trim(text_.substr(at_)).empty() || text_[at_] == '}' || text_[at_] == '$' || text_[at_] == '\\') return;
    add(Token::word, ".");
  }

  // Digits, with separators between groups of three, a point, and an exponent.
  void number() {
    std::string digits;
    take_digits(digits);
    for (size_t width = separator(); width > 0 && digits.size() <= 400; width = separator()) {
      at_ += width;
      digits += text_.substr(at_, 3);
      at_ += 3;
    }
    if (at_ < text_.size() && text_[at_] == '.') {
      const std::string_view rest = text_.substr(at_ + 1);
      if (!rest.empty() && is_digit(rest[0])) {
        digits += '.';
        ++at_;
        take_digits(digits);
      } else if (rest.starts_with("\\overline") || rest.starts_with("\\bar") || rest.starts_with("\\dot")) {
        if (!rest.starts_with("\\dots")) {
          digits += '.';
          ++at_;
        }
      }
    }
    exponent(digits);
    add(Token::number, std::move(digits));
  }

  void take_digits(std::string& digits) {
    while (at_ < text_.size() && is_digit(text_[at_])) digits += text_[at_++];
  }

  void exponent(std::string& digits) {
    if (at_ >= text_.size() || (text_[at_] != 'e' && text_[at_] != 'E')) return;
    size_t i = at_ + 1;
    if (i < text_.size() && (text_[i] == '-' || text_[i] == '+')) ++i;
    if (i >= text_.size() || !is_digit(text_[i])) return;
    digits += 'e';
    digits += text_.substr(at_ + 1, i - at_ - 1);
    at_ = i;
    take_digits(digits);
  }

  // The width of a separator of thousands that stands here, or 0.
  size_t separator() const {
    static constexpr std::array<std::string_view, 8> kSeparators = {",\\!", "{,}",   "\\,", "\\!",
                                                                    "\\ ",  "{\\,}", "\\;", ","};
    size_t group = 0;  // at most three digits before it
    while (group < 4 && at_ > group && is_digit(text_[at_ - 1 - group])) ++group;
    if (group > 3 || group == 0) return 0;
    for (const std::string_view separator : kSeparators) {
      if (!text_.substr(at_).starts_with(separator)) continue;
      if (separator == "," && (commas_ == Commas::separate || brackets_ > 0 || (braces_ > 0 && !in_text_ && set_open_)))
        return 0;
      const std::string_view rest = text_.substr(at_ + separator.size());
      const bool three = rest.size() >= 3 && is_digit(rest[0]) && is_digit(rest[1]) && is_digit(rest[2]);
      if (three && (rest.size() == 3 || !is_digit(rest[3]))) return separator.size();
      return 0;
    }
    // A plain space between full groups: "1 000 000".
    const std::string_view rest = text_.substr(at_);
    const bool spaced =
        rest.size() >= 4 && rest[0] == ' ' && is_digit(rest[1]) && is_digit(rest[2]) && is_digit(rest[3]);
    const bool whole = spaced && (rest.size() == 4 || (!is_digit(rest[4]) && rest[4] != '/' && rest[4] != ':'));
    return whole && brackets_ == 0 ? 1 : 0;
  }

  // Runs of letters. Inside \text{} a run is a word; in formulas single letters are variables and longer runs are
  // functions or words, which the parser may take apart into a product.
  void letters() {
    const size_t start = at_;
    const auto part = [&](char c) { return is_alpha(c) || static_cast<unsigned char>(c) >= 0x80; };
    while (at_ < text_.size() && part(text_[at_])) ++at_;
    std::string run(text_.substr(start, at_ - start));
    if (run.size() > 1 || in_text_) {
      const bool hyphen =
          text_.substr(at_).starts_with("-") && at_ + 1 < text_.size() && part(text_[at_ + 1]) && run.size() > 2;
      if (hyphen && !is_function(run)) {  // "father-in-law", "twenty-one"
        while (at_ < text_.size() && (part(text_[at_]) || text_[at_] == '-')) ++at_;
        run = text_.substr(start, at_ - start);
      }
      add(Token::word, std::move(run));
      return;
    }
    // 6.02 x 10^23
    const size_t ten = std::min(text_.find_first_not_of(' ', at_), text_.size());
    if (run == "x" && !tokens_.empty() && tokens_.back().kind == Token::number &&
        text_.substr(ten).starts_with("10^")) {
      add(Token::command, "cdot");
      return;
    }
    // x2 is x with an index, as x_2; 2x2 does not occur.
    if (at_ < text_.size() && is_digit(text_[at_])) {
      run += '_';
      take_digits(run);
    }
    add(Token::letter, std::move(run));
  }

  void command() {
    const size_t start = ++at_;
    while (at_ < text_.size() && is_alpha(text_[at_])) ++at_;
    std::string_view name = text_.substr(start, at_ - start);
    if (name.empty()) {
      escaped();
      return;
    }
    static constexpr std::array<std::string_view, 33> kNoise = {
        "left",   "right",  "big",      "Big",         "bigg",      "Bigg",         "bigl",      "bigr",  "Bigl",
        "Bigr",   "biggl",  "biggr",    "Biggl",       "Biggr",     "displaystyle", "textstyle", "quad",  "qquad",
        "limits", "middle", "nolimits", "scriptstyle", "boxed",     "fbox",         "bf",        "small", "large",
        "Large",  "LARGE",  "huge",     "Huge",        "checkmark", "framebox"};
    static constexpr std::array<std::string_view, 8> kNoiseWithGroup = {"color",    "textcolor", "phantom", "hphantom",
                                                                        "vphantom", "hspace",    "vspace",  "tag"};
    static constexpr std::array<std::string_view, 10> kFonts = {
        "mathbf", "boldsymbol", "mathit", "mathcal", "vec", "mathsf", "bm", "hat", "tilde", "underline"};
    static constexpr std::array<std::string_view, 11> kText = {
        "text", "textbf", "textit", "mbox", "textrm", "hbox", "mathrm", "rm", "textsf", "texttt", "operatorname"};
    if (among(kNoise, name) || among(kFonts, name)) {
      spaced_ = spaced_ || name.ends_with("quad");
      const bool sizing = name == "left" || name == "right";
      if (sizing && at_ < text_.size() && text_[at_] == '.') ++at_;
      if (sizing && text_.substr(at_).starts_with("\\.")) at_ += 2;
      return;
    }
    if (among(kNoiseWithGroup, name)) {
      const size_t open = std::min(text_.find_first_not_of(' ', at_), text_.size());
      const size_t close = text_.substr(open).starts_with("{") ? text_.find('}', open) : kNone;
      if (close == kNone) failed_ = true;
      else at_ = close + 1;
      return;
    }
    if (name == "mkern" || name == "kern" || name == "hskip") {  // with a length: 2mu, -1.5pt
      at_ = std::min(text_.find_first_not_of("-.0123456789 ", at_), text_.size());
      at_ = std::min(at_ + 2, text_.size());
      return;
    }
    if (among(kText, name)) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      if (text_.substr(at_).starts_with("{") && text_braces_ == 0) {
        ++at_;
        ++braces_;
        text_braces_ = 1;
        in_text_ = true;
        spaced_ = true;
      }
      return;
    }
    if (name == "{" || name == "lbrace") set_open_ = true;
    add(Token::command, std::string(plain_command(name)));
  }

  void escaped() {
    if (at_ >= text_.size()) return;  // "\\ " whose space was trimmed
    const char c = text_[at_++];
    if (std::string_view(",;:! \n").find(c) != kNone) {
      spaced_ = true;
    } else if (c == '{' || c == '}') {
      set_open_ = c == '{';
      add(Token::command, std::string(1, c));
    } else if (c == '%' || c == '&' || c == '_') {
      add(Token::mark, std::string(1, c));
    } else if (c == '$') {
      add(Token::command, "$");
    } else if (c == '\\') {
      add(Token::command, "newline");
      const size_t end =
          text_.substr(at_).starts_with("[") ? text_.find(']', at_) : kNone;  // the space to the next row
      if (end != kNone && end > at_ + 1 &&
          (text_.substr(at_ + 1, end - at_ - 1).ends_with("pt") || text_[end - 1] == 'm'))
        at_ = end + 1;
    } else if (c == '|') {
      add(Token::mark, "|");
    } else if (is_digit(c) || c == '-') {  // "\\ 1" whose space was lost
      spaced_ = true;
      --at_;
    } else if (std::string_view("()[]").find(c) == kNone) {  // \( \) \[ \] are the edges of a formula
      failed_ = true;
    }
  }

  std::string_view text_;
  Commas commas_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
  int braces_ = 0, brackets_ = 0;
  int text_braces_ = 0;  // braces open since \text{
  bool in_text_ = false, spaced_ = false, set_open_ = false, dollar_open_ = false, failed_ = false;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, Commas commas) {
  text = strip_wrapping(text);
  if (text.size() > kLongestInput || !valid_utf8(text)) return {};
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 && !is_space(c); }))
    return {};
  const std::string symbols = latex_symbols(text);
  return Lexer(symbols, commas).run();
}

}  // namespace reckon::verify
