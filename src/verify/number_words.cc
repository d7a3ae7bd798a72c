#include "verify/number_words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "verify/scan.h"

namespace reckon::verify {
namespace {

using Word = std::pair<std::string_view, int64_t>;
constexpr std::array<Word, 28> kCardinals = {
    {{"zero", 0},      {"one", 1},       {"two", 2},       {"three", 3},    {"four", 4},     {"five", 5},
     {"six", 6},       {"seven", 7},     {"eight", 8},     {"nine", 9},     {"ten", 10},     {"eleven", 11},
     {"twelve", 12},   {"thirteen", 13}, {"fourteen", 14}, {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17},
     {"eighteen", 18}, {"nineteen", 19}, {"twenty", 20},   {"thirty", 30},  {"forty", 40},   {"fifty", 50},
     {"sixty", 60},    {"seventy", 70},  {"eighty", 80},   {"ninety", 90}}};
constexpr std::array<Word, 5> kScales = {
    {{"hundred", 100}, {"thousand", 1000}, {"million", 1000000}, {"billion", 1000000000}, {"trillion", 1000000000000}}};
constexpr std::array<Word, 31> kOrdinals = {
    {{"first", 1},      {"second", 2},       {"third", 3},       {"fourth", 4},        {"fifth", 5},
     {"sixth", 6},      {"seventh", 7},      {"eighth", 8},      {"ninth", 9},         {"tenth", 10},
     {"eleventh", 11},  {"twelfth", 12},     {"thirteenth", 13}, {"fourteenth", 14},   {"fifteenth", 15},
     {"sixteenth", 16}, {"seventeenth", 17}, {"eighteenth", 18}, {"nineteenth", 19},   {"twentieth", 20},
     {"thirtieth", 30}, {"fortieth", 40},    {"fiftieth", 50},   {"sixtieth", 60},     {"seventieth", 70},
     {"eightieth", 80}, {"ninetieth", 90},   {"hundredth", 100}, {"thousandth", 1000}, {"half", 2},
     {"quarter", 4}}};

template <size_t N>
std::optional<int64_t> find(const std::array<Word, N>& table, std::string_view word) {
  const auto it = std::find_if(table.begin(), table.end(), [&](const Word& w) { return w.first == word; });
  return it == table.end() ? std::nullopt : std::optional(it->second);
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (is_alnum(c) || c == '\'') word += to_lower(c);
    else if (is_space(c) || c == '-' || c == ',') {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
    } else {
      return {};
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

// Words of a cardinal number, "and" between them.
std::optional<int64_t> cardinal(const std::vector<std::string>& words, size_t begin, size_t end) {
  int64_t total = 0, part = 0;
  int64_t below = 1000000000000000;  // the last scale used: scales go down
  bool any = false;
  int64_t room = 100;  // what may still be added below 100: "twenty one", not "one twenty"
  for (size_t i = begin; i < end; ++i) {
    if (words[i] == "and" && any) continue;
    if (words[i] == "a" && !any && i + 1 < end && find(kScales, words[i + 1])) {
      part = 1;
      any = true;
      continue;
    }
    if (const auto value = find(kCardinals, words[i])) {
      if (*value >= room || (*value == 0 && end - begin > 1)) return std::nullopt;
      part += *value;
      room = *value >= 20 ? 10 : 0;
      any = true;
    } else if (const auto scale = find(kScales, words[i]); scale && any) {
      if (*scale == 100) {
        if (part == 0 || part > 99) return std::nullopt;
        part *= 100;
      } else {
        if (*scale >= below || part == 0) return std::nullopt;
        total += part * *scale;
        below = *scale;
        part = 0;
      }
      room = 100;
    } else {
      return std::nullopt;
    }
  }
  return any ? std::optional(total + part) : std::nullopt;
}

}  // namespace

std::optional<std::string> number_from_words(std::string_view text) {
  if (text.empty() || text.size() > 200) return std::nullopt;
  // 3rd, 21st: digits with an ordinal ending.
  size_t digits = 0;
  while (digits < text.size() && (is_digit(text[digits]) || (digits > 0 && text[digits] == ','))) ++digits;
  if (digits > 0) {
    const std::string ending = lower(text.substr(digits));
    if (ending == "st" || ending == "nd" || ending == "rd" || ending == "th") {
      std::string number(text.substr(0, digits));
      std::erase(number, ',');
      return number;
    }
    return std::nullopt;
  }
  std::vector<std::string> words = split_words(text);
  std::string sign;
  if (!words.empty() && (words[0] == "minus" || words[0] == "negative")) {
    sign = "-";
    words.erase(words.begin());
  }
  if (words.empty()) return std::nullopt;
  if (const auto value = cardinal(words, 0, words.size())) return sign + std::to_string(*value);
  // The last word as an ordinal ("twenty first") or as the parts of a fraction ("two thirds", "three quarters").
  std::string last = words.back();
  const bool plural = last.size() > 3 && last.back() == 's';
  if (plural) last.pop_back();
  if (last == "halve") last = "half";
  const auto parts = find(kOrdinals, last);
  if (!parts) return std::nullopt;
  const size_t before = words.size() - 1;
  const bool named_part = last == "half" || last == "quarter";
  if (before == 0 && !plural) return sign + (named_part ? "1/" : "") + std::to_string(*parts);
  if (before == 1 && words[0] == "a") return sign + "1/" + std::to_string(*parts);
  const auto count = cardinal(words, 0, before);
  if (!count) return std::nullopt;
  if (plural || named_part || *count == 1) return sign + std::to_string(*count) + "/" + std::to_string(*parts);
  if (*parts < 10 && *count % 10 == 0 && *count >= 20) return sign + std::to_string(*count + *parts);
  return std::nullopt;
}

std::optional<std::string_view> last_number_word(std::string_view sentence) {
  std::optional<std::string_view> last;
  for (size_t i = 0; i < sentence.size();) {
    if (!is_alpha(sentence[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < sentence.size() && is_alpha(sentence[end])) ++end;
    const std::string word = lower(sentence.substr(i, end - i));
    if (find(kCardinals, word)) last = sentence.substr(i, end - i);
    i = end;
  }
  return last;
}

}  // namespace reckon::verify
