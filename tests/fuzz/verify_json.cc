// JSON that a model wrote, against a JSON Schema and against a condition: any bytes get a value, a verdict or an Error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "verify/condition.h"
#include "verify/json_answer.h"
#include "verify/json_schema.h"

#include <reckon/error.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(text.find('\n'), size);
  const std::string_view demand = text.substr(0, cut), said = text.substr(std::min(cut + 1, size));
  for (const bool was_cut : {false, true})
    if (const auto span = find_json(said, was_cut); span && (span->begin > span->end || span->end > said.size()))
      std::abort();
  if (const auto key = canonical_json(said))
    if (const auto again = canonical_json(*key); again && *again != *key) std::abort();
  try {
    (void)JsonSchema(demand).problem(said);
  } catch (const Error&) {
  }
  try {
    (void)verify::Condition(demand).holds(said);
  } catch (const Error&) {
  }
  return 0;
}
