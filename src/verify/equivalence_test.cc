#include "verify/equivalence.h"

#include <gtest/gtest.h>

namespace reckon::verify {
namespace {

struct Case {
  const char* gold;
  const char* candidate;
  bool equal;
};

const Case kCases[] = {
#include "verify/equivalence_cases.inc"
};

TEST(Equivalence, HoldsForPairsMadeFromTheRules) {
  for (const auto& [gold, candidate, expected] : kCases) {
    const Comparison result = compare_math(gold, candidate);
    EXPECT_EQ(result.verdict == Verdict::equal, expected)
        << gold << " | " << candidate << " | " << name(result.verdict) << ": " << result.reason;
  }
}

}  // namespace
}  // namespace reckon::verify
