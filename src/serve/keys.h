#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace reckon {

// API keys, of which only SHA-256 digests are kept.
class Keys {
 public:
  void add(std::string name, std::string_view key);
  void add_digest(std::string name, std::string_view hex);  // throws Error{invalid_request}
  bool empty() const { return keys_.empty(); }
  // The name of the key; "" for an unknown one. Takes the same time whichever key it is.
  std::string find(std::string_view key) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Key {
    std::string name;
    Digest digest;
  };
  static Digest digest(std::string_view text);
  std::vector<Key> keys_;
};

}  // namespace reckon
