#include "verify/condition.h"

#include <gtest/gtest.h>

#include <reckon/error.h>

namespace reckon::verify {
namespace {

Verdict holds(const char* condition, const char* answer) { return Condition(condition).holds(answer); }

TEST(Condition, HoldsForItsSolutionsOnly) {
  for (const char* right : {"2", "3", "x = 3", "\\frac{6}{2}", "\\{2, 3\\}", "2 \\text{ or } 3", "\\frac{5 \\pm 1}{2}"})
    EXPECT_EQ(holds("x^2 - 5x + 6 = 0", right), Verdict::equal) << right;
  for (const char* wrong : {"1", "-2", "2, 4", "2.0001", "\\infty", "y", "blue", "", "\\{\\}", "(2, 3)"})
    EXPECT_EQ(holds("x^2 - 5x + 6 = 0", wrong), Verdict::different) << wrong;
}

TEST(Condition, IsDecidedForIrrationalNumbersToo) {
  EXPECT_EQ(holds("x^2 = 2", "-\\sqrt{2}"), Verdict::equal);
  EXPECT_EQ(holds("x^2 = 2", "1.41421356"), Verdict::different);
  EXPECT_EQ(holds("1.4 < x <= \\sqrt{2}", "\\sqrt{2}"), Verdict::equal);
  EXPECT_EQ(holds("x < \\sqrt{2}", "\\sqrt{2}"), Verdict::different);
  EXPECT_EQ(holds("x > \\pi", "22/7"), Verdict::equal);
  EXPECT_EQ(holds("x^2 = -1", "i"), Verdict::equal);
}

TEST(Condition, SeveralRelationsMustAllHold) {
  EXPECT_EQ(holds("0 < n and n^3 < 30", "3"), Verdict::equal);
  EXPECT_EQ(holds("0 < n and n^3 < 30", "4"), Verdict::different);
  EXPECT_EQ(holds("0 < n, n != 3", "3"), Verdict::different);
  EXPECT_EQ(holds("n - 7\\lfloor n/7 \\rfloor = 3", "24"), Verdict::equal);
}

TEST(Condition, IsRefusedWithWhatIsWrong) {
  for (auto [condition, part] : {std::pair{"x^2 + 1", "is not a relation"},
                                 {"2 + 2 = 4", "has no unknown"},
                                 {"x + y = 3", "more than one unknown"},
                                 {"x = \\pm 2", "plus-minus"},
                                 {"x = 1 or x = 2", "is not a relation"},
                                 {"", "is no formula"},
                                 {"((((", "is no formula"}}) {
    try {
      Condition refused(condition);
      FAIL() << condition;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_request);
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  }
}

TEST(Condition, IsBoundedForHostileAnswers) {
  std::string long_sum = "1";
  for (int i = 0; i < 2000; ++i) long_sum += "+1";
  std::string many = "x";
  for (int i = 0; i < 2000; ++i) many += "+x";
  EXPECT_EQ(holds((many + " = 0").c_str(), long_sum.c_str()), Verdict::undecided);
  EXPECT_NE(holds("x = 1", "10^{10^{10}}"), Verdict::equal);
  EXPECT_NE(holds("x^{1000000} = 1", "3"), Verdict::equal);
}

}  // namespace
}  // namespace reckon::verify
