#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "serve/keys.h"

namespace reckon {

// The budgets of keys by day and month. What a request may compute at most is held back before it runs and settled when
// its account is closed, so that a budget is not passed by one token. One thread.
class Quota {
 public:
  // `spent` tells the tokens of a key since a time (ms since 1970), as the ledger has them; asked once for each key.
  explicit Quota(std::function<int64_t(const std::string& key, int64_t since_unix_ms)> spent)
      : spent_(std::move(spent)) {}
  Quota(const Quota&) = delete;

  class Hold {
   public:
    Hold() = default;
    Hold(Quota& quota, std::string key, int64_t tokens) : quota_(&quota), key_(std::move(key)), tokens_(tokens) {}
    Hold(Hold&& other) noexcept
        : quota_(std::exchange(other.quota_, nullptr)), key_(std::move(other.key_)), tokens_(other.tokens_) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(quota_, other.quota_), std::swap(key_, other.key_), std::swap(tokens_, other.tokens_);
      return *this;
    }
    ~Hold() { settle(0); }
    int64_t tokens() const { return tokens_; }
    void settle(int64_t computed);

   private:
    Quota* quota_ = nullptr;
    std::string key_;
    int64_t tokens_ = 0;
  };

  // Holds back `most` tokens, or what is left. Throws Refusal{overloaded} when less than `least` is left.
  Hold hold(const KeyRules& rules, int64_t least, int64_t most, int64_t unix_ms);

 private:
  struct Spending {
    int64_t day = 0, month = 0;  // their beginnings, ms since 1970
    int64_t this_day = 0, this_month = 0, held = 0;
  };
  Spending& spending(const std::string& key, int64_t unix_ms);

  const std::function<int64_t(const std::string&, int64_t)> spent_;
  std::map<std::string, Spending> keys_;
};

}  // namespace reckon
