#include "verify/markers.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "verify/scan.h"

namespace reckon::verify {

constexpr auto kNone = std::string_view::npos;

std::optional<std::string_view> spoken(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kEnds = {
      "</think>",   "\\end{think}",       "</thinking>",
      "</thought>", "<|end_of_thought|>", "</seed:think>",
      "◁/think▷",   "[/THINK]",           "<|channel|>final<|message|>"};
  static constexpr std::array<std::string_view, 8> kStarts = {
      "<think>",      "<thinking>", "<thought>", "<|begin_of_thought|>",
      "<seed:think>", "◁think▷",    "[THINK]",   "<|channel|>analysis"};
  size_t from = 0;
  for (const std::string_view end : kEnds) {
    const size_t at = text.rfind(end);
    if (at != kNone) from = std::max(from, at + end.size());
  }
  const std::string_view rest = text.substr(from);
  for (const std::string_view start : kStarts)
    if (rest.find(start) != kNone) return std::nullopt;
  return rest;
}

// One pass with a stack of open braces, so that boxes that never close cost no more than others.
std::optional<Mark> last_box(std::string_view text) {
  struct Open {
    size_t brace, box;  // where the box of this brace begins, or npos
  };
  std::vector<Open> open;
  Open next{kNone, kNone};  // the brace of a box that is to come
  std::optional<Mark> last;
  const auto found = [&](size_t box, size_t begin, size_t end) {
    if (!last || last->at < text.data() + box) last = Mark{text.substr(begin, end - begin), text.data() + box};
  };
  bool escaped = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool literal = std::exchange(escaped, !escaped && text[i] == '\\');
    if (text[i] == '\\') {
      const std::string_view rest = text.substr(i);
      const size_t length = rest.starts_with("\\boxed")      ? 6
                            : rest.starts_with("\\fbox")     ? 5
                            : rest.starts_with("\\framebox") ? 9
                                                             : 0;
      size_t inside = i + length;
      while (length > 0 && inside < text.size() && is_space(text[inside])) ++inside;
      if (length > 0 && inside < text.size() && text[inside] == '{') next = {inside, i};
      size_t digits = inside;
      while (length > 0 && digits < text.size() && is_digit(text[digits])) ++digits;
      if (digits > inside) found(i, inside, digits);
    } else if (text[i] == '{' && !literal) {
      open.push_back({i, next.brace == i ? next.box : kNone});
    } else if (text[i] == '}' && !literal && !open.empty()) {
      if (open.back().box != kNone) found(open.back().box, open.back().brace + 1, i);
      open.pop_back();
    }
  }
  return last;
}

std::optional<Mark> last_hashes(std::string_view text) {
  for (size_t end = text.size();;) {  // lines, from the last
    const size_t begin = end == 0 ? 0 : text.rfind('\n', end - 1) + 1;
    const std::string_view line = trim(text.substr(begin, end - begin));
    for (size_t at = line.rfind("####"); at != kNone; at = at == 0 ? kNone : line.rfind("####", at - 1)) {
      const std::string_view behind = line.substr(at + 4), content = trim(behind);
      // A Markdown heading ("#### Step 2", "#### 2. Then add") is not an answer.
      size_t digits = 0;
      while (digits < content.size() && is_digit(content[digits])) ++digits;
      const bool numbered = digits > 0 && content.substr(digits).starts_with(". ");
      const bool value =
          !content.empty() && (is_digit(content[0]) || std::string_view("$-+.\\(£€").find(content[0]) != kNone);
      const bool heading = behind.starts_with("#") || (at > 0 && line[at - 1] == '#');
      if (value && !numbered && !heading) return Mark{content, line.data() + at};
    }
    if (begin == 0) return std::nullopt;
    end = begin - 1;
  }
}

std::optional<Mark> last_answer_tag(std::string_view text) {
  const size_t close = text.rfind("</answer>");
  const size_t open = text.rfind("<answer>");
  if (open != kNone && (close == kNone || open > close)) {
    const std::string_view rest = trim(text.substr(open + 8));
    if (!rest.empty()) return Mark{rest, text.data() + open};
  }
  if (close == kNone) return std::nullopt;
  // Models lose the first characters of the tag, so "answer>" and "answer" on a line of its own count as well.
  const std::string_view before = text.substr(0, close);
  for (const std::string_view tag : {"answer>", "answer\n"}) {
    const size_t start = before.rfind(tag);
    if (start != kNone) return Mark{trim(before.substr(start + tag.size())), text.data() + start};
  }
  return Mark{last_sentence(before), text.data() + close};
}

namespace {

// The value after the colon of a JSON field: a string (perhaps escaped once more, perhaps without its end) or a bare
// word.
std::string_view field_value(std::string_view rest) {
  const bool escaped = rest.starts_with("\\\"");
  if (escaped || rest.starts_with("\"")) {
    rest.remove_prefix(escaped ? 2 : 1);
    for (size_t i = 0; i < rest.size(); ++i) {
      if (escaped && rest.substr(i).starts_with("\\\"")) return rest.substr(0, i);
      if (rest[i] == '\\') ++i;
      else if (rest[i] == '"') return rest.substr(0, i);
    }
    return {};  // cut off inside the string
  }
  if (rest.starts_with("[")) return rest.substr(0, std::min(rest.find(']') + 1, rest.size()));
  const std::string_view word = trim(rest.substr(0, std::min(rest.find_first_of(",}\n"), rest.size())));
  return word == "null" ? std::string_view() : word;
}

}  // namespace

std::optional<Mark> last_json_field(std::string_view text) {
  text = trim(text);  // once, not behind every field
  const std::string low = lower(text);
  for (size_t from = kNone;;) {
    const size_t at = low.rfind("answer", from);
    if (at == kNone) return std::nullopt;
    std::string_view rest = text.substr(at + 6);
    if (skip_prefix(rest, "\\\"") || skip_prefix(rest, "\"")) {
      rest = trim(rest);
      if (skip_prefix(rest, ":")) return Mark{field_value(trim(rest)), text.data() + at};
    }
    if (at == 0) return std::nullopt;
    from = at - 1;
  }
}

namespace {

bool word_before(std::string_view low, size_t at) { return at > 0 && is_alnum(low[at - 1]); }

// Past the words between "answer" and what it is: ":", "is", "to the question is". Empty where this is no mark.
std::optional<std::string_view> after_answer_word(std::string_view text, std::string_view low, size_t at) {
  static constexpr std::array<std::string_view, 11> kLinks = {" is:", " is", "s are", ":",   " =",        "=",
                                                              " :",   ">",   ":**",   "**:", " should be"};
  size_t end = at;
  const std::string_view tail = low.substr(at);
  if (tail.starts_with(" to ") || tail.starts_with(" for ") || tail.starts_with(" choice") ||
      tail.starts_with(" option")) {
    const std::string_view near = tail.substr(0, 160);
    const size_t stop = std::min(near.find_first_of(".?!\n:"), near.size());
    const size_t is = tail.substr(0, stop).rfind(" is");
    if (is != kNone) end = at + is;
    else if (stop < tail.size() && tail[stop] == ':') end = at + stop;
    else return std::nullopt;
  }
  for (const std::string_view link : kLinks)
    if (low.substr(end).starts_with(link)) {
      const size_t past = end + link.size();
      if (is_alpha(link.back()) && past < low.size() && is_alnum(low[past])) continue;
      return text.substr(past);
    }
  // A heading: "### Answer" or "**Final Answer**" with the answer on a later line.
  const size_t line_end = low.find_first_not_of("* \t\r\f\v", at);
  if (line_end == kNone || low[line_end] != '\n') return std::nullopt;
  const char first = low[low.substr(0, at).rfind('\n') + 1];
  if (first != '#' && first != '*' && first != 'a') return std::nullopt;
  return text.substr(line_end);
}

std::string_view skip_decoration(std::string_view text) {
  static constexpr std::array<std::string_view, 11> kIdle = {
      "**", "*", ":", "therefore ", "thus ", "then ", "hence ", "simply ", "indeed ", "clearly ", "exactly "};
  for (bool again = true; again;) {
    text = trim(text);
    again = std::any_of(kIdle.begin(), kIdle.end(), [&](std::string_view idle) { return skip_prefix(text, idle); });
  }
  return text;
}

}  // namespace

std::optional<Mark> last_phrase(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kWords = {"answer",      "correct option is", "correct choice is",
                                                             "solution is", "answer choice is",  "result is:"};
  const std::string low = lower(text);
  std::optional<Mark> best;
  for (const std::string_view word : kWords) {
    for (size_t from = kNone;;) {
      const size_t at = low.rfind(word, from);
      if (at == kNone || (best && best->at > text.data() + at)) break;
      std::optional<std::string_view> rest;
      if (!word_before(low, at))
        rest = word == "answer" ? after_answer_word(text, low, at + word.size()) : text.substr(at + word.size());
      if (rest && !low.substr(0, at).ends_with("is the ")) {
        best = Mark{skip_decoration(*rest), text.data() + at};
        break;
      }
      if (at == 0) break;
      from = at - 1;
    }
  }
  for (const std::string_view word : {"答案是", "答案为", "答案：", "答案:"}) {
    const size_t at = text.rfind(word);
    if (at != kNone && (!best || best->at < text.data() + at))
      best = Mark{skip_decoration(text.substr(at + word.size())), text.data() + at};
  }
  // "A: 42" at the start of a line.
  for (const std::string_view start : {"A: ", "A:\n"}) {
    const size_t at = text.starts_with(start) ? 0 : text.rfind("\n" + std::string(start));
    if (at != kNone && (!best || best->at < text.data() + at)) {
      const size_t past = at + start.size() + (at == 0 && text.starts_with(start) ? 0 : 1);
      best = Mark{trim(text.substr(past)), text.data() + at};
    }
  }
  return best;
}

namespace {

bool takes_back(std::string_view between) {
  static constexpr std::array<std::string_view, 8> kWords = {"wait",    "actually", "correction", "mistake",
                                                             "instead", "wrong",    "incorrect",  "reconsider"};
  const std::string low = lower(between);
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view w) { return low.find(w) != kNone; });
}

}  // namespace

std::optional<Mark> commitment(std::string_view text) {
  std::optional<Mark> last;
  for (const auto& mark : {last_box(text), last_hashes(text), last_answer_tag(text), last_json_field(text)})
    if (mark && (!last || mark->at > last->at)) last = mark;
  // <answer>\boxed{5}</answer> and "answer": "\boxed{5}" commit to what is in the box.
  if (last)
    if (const auto box = last_box(last->content); box && !trim(box->content).empty()) last->content = box->content;
  const std::optional<Mark> phrase = last_phrase(text);
  if (!phrase || (last && phrase->at < last->at)) return last;
  if (!last) return phrase;
  const char* end = last->content.data() + last->content.size();
  const bool inside = last->content.data() == nullptr || phrase->at < end;
  if (inside || trim(phrase->content).empty()) return last;
  return takes_back({end, static_cast<size_t>(phrase->at - end)}) ? phrase : last;
}

}  // namespace reckon::verify
