#include "stats/logistic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include <reckon/error.h>

namespace reckon {
namespace {

TEST(Logistic, WithOneBinaryFeatureGivesTheShareOfEachGroup) {
  std::vector<std::vector<double>> rows;
  std::vector<double> labels;
  for (int i = 0; i < 1000; ++i) {
    bool group = i % 2 == 1;
    rows.push_back({group ? 1.0 : 0.0});
    labels.push_back((i / 2) % 10 < (group ? 7 : 2));
  }
  Logistic fit(rows, labels, 1e-6);
  EXPECT_NEAR(fit.probability(std::vector{0.0}), 0.2, 1e-6);
  EXPECT_NEAR(fit.probability(std::vector{1.0}), 0.7, 1e-6);
}

TEST(Logistic, StaysFiniteOnSeparatedDataAndOnOneLabel) {
  std::vector<std::vector<double>> rows{{0}, {1}, {2}, {3}};
  Logistic split(rows, std::vector<double>{0, 0, 1, 1});
  EXPECT_LT(split.probability(rows[0]), 0.5);
  EXPECT_GT(split.probability(rows[3]), 0.5);
  Logistic one(rows, std::vector<double>{0, 0, 0, 0});
  EXPECT_LT(one.probability(rows[1]), 1e-3);
  EXPECT_THROW(Logistic({}, {}), Error);
}

TEST(WeightedAuc, CountsPairsInTheRightOrderAndTiesHalf) {
  std::vector<double> scores{1, 2, 2, 3}, labels{0, 1, 0, 1}, equal{1, 1, 1, 1}, weights{2, 1, 0, 1};
  std::vector<int> order{0, 1, 2, 3};
  EXPECT_DOUBLE_EQ(weighted_auc(scores, labels, equal, order), 3.5 / 4);
  EXPECT_DOUBLE_EQ(weighted_auc(scores, labels, weights, order), 1);
  EXPECT_TRUE(std::isnan(weighted_auc(scores, std::vector<double>{0, 0, 0, 0}, equal, order)));
}

}  // namespace
}  // namespace reckon
