// The reader of formulas and everything behind it: any two texts get a verdict and a key, which is its own key.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "verify/equivalence.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(text.find('\n'), size);
  const std::string_view gold = text.substr(0, cut), candidate = text.substr(std::min(cut + 1, size));
  reckon::verify::compare_math(gold, candidate);
  reckon::verify::compare_math("x^2+1", candidate);
  const std::string key = reckon::verify::canonical_math(candidate);
  if (reckon::verify::canonical_math(key) != key) std::abort();
  return 0;
}
