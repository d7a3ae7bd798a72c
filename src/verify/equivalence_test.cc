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

// Found by fuzzing: read twice after each number, these fractions would take hours.
TEST(Equivalence, UnfinishedFractionsInFractionsAreReadOnce) {
  std::string fractions;
  for (int i = 0; i < 39; ++i) fractions += "\\frac3 ";
  EXPECT_NE(compare_math("3", fractions).verdict, Verdict::equal);
  EXPECT_FALSE(canonical_math(fractions).empty());
}

// Each part of a formula is read a bounded number of times, however it is nested.
TEST(Equivalence, ManyOfOneConstructAreReadOnce) {
  for (const char* piece :
       {"\\frac{", "5 \\frac{m}{", "5\\frac{\\text{m}}{", "\\frac{m}{s}", "5 \\frac{m}{s} ", "0.\\dot{", "0.\\dot1",
        "0.\\dot{1}2\\dot", "\\begin{aligned}", "\\begin{aligned} x &= 6 \\\\ ", "\\begin{aligned}\\begin{matrix}"}) {
    std::string text;
    for (int i = 0; i < 300; ++i) text += piece;
    for (const std::string& whole : {text, text + "\\end{aligned}", text + "}}"}) {
      EXPECT_NE(compare_math("5", whole).verdict, Verdict::equal) << piece;
      const std::string key = canonical_math(whole);
      EXPECT_EQ(canonical_math(key), key) << piece;
    }
  }
}

// Votes are counted under keys: the same value in other writing has the same, and a key is its own key.
TEST(Equivalence, AKeyIsOneForAValueAndItsOwn) {
  EXPECT_EQ(canonical_math("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}"), "[[1,2],[3,4]]");
  EXPECT_EQ(canonical_math("[[1, 2], [3, 4]]"), "[[1,2],[3,4]]");
  EXPECT_EQ(canonical_math("3<x<1+\\sqrt8"), canonical_math("(3,1+2\\sqrt2)"));
  EXPECT_EQ(canonical_math("\\cos 60^\\circ"), "1/2");
  EXPECT_EQ(canonical_math("\\sqrt{3+2\\sqrt2}-\\sqrt2"), "1");
  EXPECT_NE(canonical_math("x_{n+1}"), canonical_math("x_n+1"));
  EXPECT_NE(canonical_math("\\overline{a,b}"), canonical_math("\\{a,b\\}"));
  for (const char* text : {"318, 3",
                           "100,200,300",
                           "0011_2",
                           "x_{n+1}+1",
                           "\\sin x",
                           "(-\\infty,3]",
                           "x^2=y+0",
                           "\\{5\\}",
                           "**Tuesday.**",
                           "\\text{D}",
                           "\\overline{5}+x",
                           "-\\Pi",
                           "x_ZZi+9-1Z",
                           "Z x_ZZZZZi+9-1Z",
                           "2^{2000}x",
                           "xx_",
                           "\\bar,3\nx8x",
                           "\\overline{a,b}",
                           "0.\\dot{1}2\\dot{3}",
                           "5\\ \\frac{\\text{m}}{\\text{s}^2}",
                           "\\begin{aligned} x &= y \\\\ y &= 2z \\end{aligned}",
                           "\\begin{aligned} 1 & 2 \\end{aligned}"}) {
    const std::string key = canonical_math(text);
    EXPECT_EQ(canonical_math(key), key) << text;
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
