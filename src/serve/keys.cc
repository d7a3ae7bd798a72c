#include "serve/keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <charconv>

#include <reckon/error.h>

namespace reckon {

Keys::Digest Keys::digest(std::string_view text) {
  Digest result;
  if (EVP_Digest(text.data(), text.size(), result.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw Error(Code::environment, "OpenSSL cannot compute SHA-256");
  return result;
}

void Keys::add(KeyRules rules, std::string_view key) { keys_.push_back({std::move(rules), digest(key)}); }

void Keys::add_digest(KeyRules rules, std::string_view hex) {
  Key key{std::move(rules), {}};
  bool fine = hex.size() == 2 * key.digest.size();
  for (size_t i = 0; fine && i < key.digest.size(); ++i) {
    const char* digits = hex.data() + 2 * i;
    auto [end, error] = std::from_chars(digits, digits + 2, key.digest[i], 16);
    fine = error == std::errc{} && end == digits + 2;
  }
  if (!fine) throw Error(Code::invalid_request, "sha256 must have 64 hexadecimal digits");
  keys_.push_back(std::move(key));
}

const KeyRules* Keys::find(std::string_view key) const {
  Digest given = digest(key);
  const KeyRules* rules = nullptr;
  for (const Key& known : keys_)
    if (CRYPTO_memcmp(known.digest.data(), given.data(), given.size()) == 0) rules = &known.rules;
  return rules;
}

}  // namespace reckon
