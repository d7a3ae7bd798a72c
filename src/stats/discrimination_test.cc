#include "stats/discrimination.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace reckon {
namespace {

using Questions = std::vector<std::vector<ScoredAnswer>>;

TEST(Discrimination, IsTheShareOfPairsInTheRightOrderMeanOverQuestions) {
  Questions two = {{{0.9, true}, {0.2, false}, {0.5, false}, {0.4, true}}, {{0.3, true}, {0.3, false}}};
  Discrimination d = within_question_discrimination(two);
  EXPECT_DOUBLE_EQ(d.auc.value, (0.75 + 0.5) / 2);
  EXPECT_EQ(d.questions, 2);
}

TEST(Discrimination, HighScoresOnEasyQuestionsTellNothing) {
  Questions between = {{{0.9, true}, {0.9, true}}, {{0.1, false}, {0.1, false}}};
  Discrimination d = within_question_discrimination(between);
  EXPECT_EQ(d.questions, 0);
  EXPECT_EQ(d.auc.lo, 0);
}

TEST(Discrimination, ItsLowerBoundIsBelowOneHalfForScoresWithoutMeaning) {
  Rng rng(7);
  Questions coin(200), good(200);
  for (size_t q = 0; q < coin.size(); ++q)
    for (int i = 0; i < 6; ++i) {
      const bool right = i < 3;
      coin[q].push_back({rng.uniform(), right});
      good[q].push_back({rng.uniform() + (right ? 0.3 : 0), right});
    }
  EXPECT_LT(within_question_discrimination(coin).auc.lo, 0.5);
  EXPECT_GT(within_question_discrimination(coin).auc.hi, 0.5);
  EXPECT_GT(within_question_discrimination(good).auc.lo, 0.6);
}

TEST(Discrimination, OneQuestionIsNoEvidence) {
  Discrimination d = within_question_discrimination(Questions{{{1, true}, {0, false}}});
  EXPECT_EQ(d.auc.value, 1);
  EXPECT_EQ(d.auc.lo, 0);
}

}  // namespace
}  // namespace reckon
