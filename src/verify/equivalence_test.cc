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
#include "verify/equivalence_more_cases.inc"
};

TEST(Equivalence, HoldsForPairsMadeFromTheRules) {
  for (const auto& [gold, candidate, expected] : kCases) {
    const Comparison result = compare_math(gold, candidate);
    EXPECT_EQ(result.verdict == Verdict::equal, expected)
        << gold << " | " << candidate << " | " << name(result.verdict) << ": " << result.reason;
  }
}

// Found by fuzzing: the token behind the group was looked at, and there was none.
TEST(Equivalence, AnExponentThatNeverClosesEndsWhereTheTextDoes) {
  for (const char* text : {"5 cm^{2", "5 cm^{-2", "5 m^{", "\\sqrt[ 10000shrt^{1615", "5^{\\circ", "5^{th", "5^{-"}) {
    EXPECT_EQ(compare_math("7", text).verdict == Verdict::equal, false) << text;
    EXPECT_EQ(compare_math("5 cm^{2}", text).verdict == Verdict::equal, false) << text;
  }
}

// Every level of the product was copied again for the level above it.
TEST(Equivalence, AProductOfManyTuplesIsNoVector) {
  std::string product = "(0,1)";
  for (int i = 1; i < 900; ++i) product += "cup(" + std::to_string(i) + "," + std::to_string(i + 1) + ")";
  EXPECT_NE(compare_math("(0,1)", product).verdict, Verdict::equal);
  EXPECT_EQ(canonical_math(product), canonical_math(product));
}

}  // namespace
}  // namespace reckon::verify
