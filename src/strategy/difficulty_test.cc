#include "strategy/difficulty.h"

#include <gtest/gtest.h>

namespace reckon {
namespace {

Outcome outcome(const std::string& answer, const std::vector<std::string>& samples) {
  Outcome o;
  if (!answer.empty()) o.answer = Answer{answer, answer};
  for (const std::string& text : samples) {
    o.samples.emplace_back();
    if (!text.empty()) o.samples.back().answer = Answer{text, text};
  }
  return o;
}

TEST(Difficulty, IsOneHalfBeforeAnythingIsKnown) { EXPECT_EQ(difficulty({}), 0.5); }

TEST(Difficulty, FallsWithAgreementAndRisesWithDissent) {
  EXPECT_EQ(difficulty(outcome("4", {"4", "4"})), 0.25);
  EXPECT_EQ(difficulty(outcome("4", {"4", "4", "4", "4", "4", "4", "4", "4"})), 0.1);
  EXPECT_EQ(difficulty(outcome("4", {"4", "5", "4", "6"})), 0.5);
}

TEST(Difficulty, CountsMissingAnswersAsDissent) {
  EXPECT_EQ(difficulty(outcome("4", {"4", "", "", "4"})), 0.5);
  EXPECT_EQ(difficulty(outcome("", {"", "", ""})), 0.8);
}

}  // namespace
}  // namespace reckon
