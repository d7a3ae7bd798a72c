#include "serve/ask.h"
#include "serve/refusal.h"

// What follows the @ of a model's name, or stands in a header: a strategy that can be read again, or a Refusal.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  std::string text(reinterpret_cast<const char*>(data), size);
  ServeLimits limits;
  try {
    std::string strategy = strategy_of(text, limits);
    if (strategy_of(strategy, limits).empty()) __builtin_trap();
  } catch (const Refusal&) {
  }
  try {
    (void)parse_budget(text);
  } catch (const Error&) {
  }
  return 0;
}
