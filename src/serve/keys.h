#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <reckon/budget.h>

namespace reckon {

// What the holder of a key may do. Absent: only the server's limits.
struct KeyRules {
  std::string name;
  double weight = 1;                                        // share of the server when others wait too
  int active = 0;                                           // requests at once; 0: no limit of its own
  Budget ceilings;                                          // of each request
  std::optional<int64_t> tokens_per_day, tokens_per_month;  // computed; days and months of UTC
};

// API keys, of which only SHA-256 digests are kept.
class Keys {
 public:
  void add(KeyRules rules, std::string_view key);
  void add_digest(KeyRules rules, std::string_view hex);  // throws Error{invalid_request}
  bool empty() const { return keys_.empty(); }
  // Null for an unknown one. Takes the same time whichever key it is.
  const KeyRules* find(std::string_view key) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Key {
    KeyRules rules;
    Digest digest;
  };
  static Digest digest(std::string_view text);
  std::vector<Key> keys_;
};

}  // namespace reckon
