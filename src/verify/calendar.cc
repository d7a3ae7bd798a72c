#include "verify/calendar.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>

#include "verify/scan.h"

namespace reckon::verify {
namespace {

std::optional<int> month(const std::string& name) {
  static constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                               "may",       "june",     "july",     "august",
                                                               "september", "october",  "november", "december"};
  for (size_t i = 0; i < kMonths.size(); ++i)
    if (name.size() >= 3 && (kMonths[i] == name || (name.size() <= 4 && kMonths[i].starts_with(name))))
      return static_cast<int>(i) + 1;
  return std::nullopt;
}

std::optional<std::string> date(int year, int at_month, int day) {
  if (year < 1 || at_month < 1 || at_month > 12 || day < 1 || day > 31) return std::nullopt;
  return fmt::format("{:04}-{:02}-{:02}", year, at_month, day);
}

// Cheap tests before any regular expression: most answers are neither.
bool may_be_date(std::string_view text) {
  return text.size() >= 6 && text.size() <= 40 && is_digit(text.back()) && has_digit(text.substr(text.size() - 4, 2));
}

}  // namespace

std::optional<std::string> date_form(std::string_view text) {
  text = strip_wrapping(text);
  if (!may_be_date(text)) return std::nullopt;
  static const RE2 kSlashes(R"((\d{1,2})/(\d{1,2})/(\d{4}))");
  static const RE2 kIso(R"((\d{4})-(\d{1,2})-(\d{1,2}))");
  static const RE2 kMonthFirst(R"((?i)([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4}))");
  static const RE2 kDayFirst(R"((?i)(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?([a-z]{3,9})\.?,?\s+(\d{4}))");
  int year = 0, day = 0, at_month = 0;
  std::string name;
  if (RE2::FullMatch(text, kSlashes, &at_month, &day, &year) || RE2::FullMatch(text, kIso, &year, &at_month, &day))
    return date(year, at_month, day);
  if (RE2::FullMatch(text, kMonthFirst, &name, &day, &year) || RE2::FullMatch(text, kDayFirst, &day, &name, &year))
    if (const auto found = month(lower(name))) return date(year, *found, day);
  return std::nullopt;
}

std::optional<std::string> time_form(std::string_view text) {
  text = strip_wrapping(text);
  if (text.size() < 4 || text.size() > 40 || text.find(':') == std::string_view::npos) return std::nullopt;
  static const RE2 kTime(
      R"((?i)(?:(\d{1,6})\s*days?,?\s*)?(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*((?:\\text\{)?\s*[ap]\.?m\.?\}?)?)");
  std::string days, fraction, half, seconds;
  int hours = 0, minutes = 0;
  if (!RE2::FullMatch(text, kTime, &days, &hours, &minutes, &seconds, &fraction, &half)) return std::nullopt;
  if (minutes > 59 || (!seconds.empty() && seconds > "59")) return std::nullopt;
  if (!half.empty()) {
    if (hours < 1 || hours > 12) return std::nullopt;
    const bool afternoon = lower(half).find('p') != std::string::npos;
    hours = hours % 12 + (afternoon ? 12 : 0);
  }
  while (fraction.size() > 1 && fraction.back() == '0') fraction.pop_back();
  if (fraction == ".") fraction.clear();
  if (days.empty()) days = "0";
  days.erase(0, std::min(days.find_first_not_of('0'), days.size() - 1));
  return fmt::format("{}d {:02}:{:02}:{}{}", days, hours, minutes, seconds.empty() ? "00" : seconds, fraction);
}

}  // namespace reckon::verify
