#include "policy/waves.h"

#include <gtest/gtest.h>

#include <vector>

namespace reckon {
namespace {

const std::vector<BatchCost> kFlat = {{1, .02}, {4, .0205}, {8, .021}};  // weights dominate: a GPU
const std::vector<BatchCost> kSteep = {{1, .02}, {2, .04}, {8, .16}};    // arithmetic dominates: few cores

TEST(Waves, AStepIsLinearBetweenMeasurementsAndBeyondThem) {
  std::vector<BatchCost> curve = {{1, .01}, {4, .04}, {8, .06}};
  EXPECT_DOUBLE_EQ(step_seconds(curve, 1), .01);
  EXPECT_DOUBLE_EQ(step_seconds(curve, 2), .02);
  EXPECT_DOUBLE_EQ(step_seconds(curve, 6), .05);
  EXPECT_DOUBLE_EQ(step_seconds(curve, 16), .10);
  EXPECT_DOUBLE_EQ(step_seconds(std::vector<BatchCost>{{4, .03}}, 9), .03);
}

TEST(Waves, TheFewestTokensComeOneAfterTheOther) {
  EXPECT_EQ(wave_width(kFlat, 0), 1);
  EXPECT_EQ(wave_width({}, 0), 1);
}

TEST(Waves, TheShortestWaitIsWideWhereStepsCostTheSameAndNarrowWhereTheyDoNot) {
  EXPECT_EQ(wave_width(kFlat, 1), 8);
  EXPECT_EQ(wave_width(kSteep, 1), 1);  // waves only add waste
  EXPECT_EQ(wave_width(kFlat, .5), 4);
}

TEST(Waves, MorePatienceNeverWidensAndDearerStepsNeverDo) {
  int before = 1;
  for (double preference = 0; preference <= 1; preference += .05) {
    int width = wave_width(kFlat, preference);
    EXPECT_GE(width, before);
    EXPECT_LE(wave_width(kSteep, preference), width);
    before = width;
  }
}

TEST(Waves, TheWidthStaysWithinItsBounds) {
  EXPECT_EQ(wave_width(kFlat, 1, 1), 1);
  EXPECT_LE(wave_width(kFlat, 1, 5), 5);
  EXPECT_EQ(wave_width({}, 7), wave_width({}, 1));
}

}  // namespace
}  // namespace reckon
