#include "serve/quota.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "serve/refusal.h"

namespace reckon {
namespace {

struct Windows {
  int64_t day, month;
};
Windows windows(int64_t unix_ms) {
  using namespace std::chrono;
  sys_days day = floor<days>(sys_time<milliseconds>(milliseconds(unix_ms)));
  year_month_day date(day);
  auto ms = [](sys_days d) { return int64_t{duration_cast<milliseconds>(d.time_since_epoch()).count()}; };
  return {ms(day), ms(sys_days(date.year() / date.month() / 1))};
}

}  // namespace

void Quota::Hold::settle(int64_t computed) {
  if (!quota_) return;
  Spending& spending = std::exchange(quota_, nullptr)->keys_[key_];
  spending.held -= tokens_;
  spending.this_day += computed;
  spending.this_month += computed;
}

Quota::Spending& Quota::spending(const std::string& key, int64_t unix_ms) {
  auto [found, fresh] = keys_.try_emplace(key);
  Spending& s = found->second;
  Windows now = windows(unix_ms);
  if (fresh && spent_) s.this_day = spent_(key, now.day), s.this_month = spent_(key, now.month);
  if (!fresh && s.day != now.day) s.this_day = 0;
  if (!fresh && s.month != now.month) s.this_month = 0;
  s.day = now.day, s.month = now.month;
  return s;
}

Quota::Hold Quota::hold(const KeyRules& rules, int64_t least, int64_t most, int64_t unix_ms) {
  if (rules.name.empty()) return {};
  Spending& s = spending(rules.name, unix_ms);
  int64_t left = std::numeric_limits<int64_t>::max();
  if (rules.tokens_per_day) left = std::min(left, *rules.tokens_per_day - s.this_day - s.held);
  if (rules.tokens_per_month) left = std::min(left, *rules.tokens_per_month - s.this_month - s.held);
  if (left < least)
    throw Refusal(
        Api::insufficient_quota,
        fmt::format("the key '{}' has {} tokens left of its budget (of {} a day, {} a month) and this request "
                    "needs at least {}",
                    rules.name, std::max<int64_t>(left, 0),
                    rules.tokens_per_day ? std::to_string(*rules.tokens_per_day) : "any number",
                    rules.tokens_per_month ? std::to_string(*rules.tokens_per_month) : "any number", least));
  int64_t held = std::min(most, left);
  s.held += held;
  return Hold(*this, rules.name, held);
}

}  // namespace reckon
