#include "strategy/tune.h"

#include <gmock/gmock.h>

#include <cmath>

#include <reckon/error.h>

#include "policy/calibration.h"

namespace reckon {
namespace {

using testing::HasSubstr;

TEST(Priced, MovesTheLambdaOfVocAndKeepsTheRest) {
  EXPECT_THAT(priced("adaptive:rule=voc", 0.05), HasSubstr("rule=voc,lambda=0.05,guard=true,cap=16"));
  EXPECT_THAT(priced("adaptive:rule=voc,cap=4,wave=2", 0.005), HasSubstr("lambda=0.005,guard=true,cap=4,wave=2"));
}

TEST(Priced, RefusesStrategiesWithoutAPriceOrWithOneOfTheirOwn) {
  for (const char* other :
       {"adaptive", "adaptive:rule=asc", "adaptive:rule=voc,lambda=0.02", "single", "adaptive:m=3"}) {
    EXPECT_FALSE(takes_price(other)) << other;
    EXPECT_THROW(priced(other, 0.02), Error) << other;
  }
  EXPECT_THROW(priced("adaptive:rule=voc", 2), Error);
  EXPECT_THROW(priced("adaptive:rule=voc", std::nan("")), Error);
}

Calibration passed() {
  return {.model = "small",
          .task = "math",
          .points = {{.policy = "lead:m=2,cap=5"}, {.policy = "voc:lambda=0.003,guard=true,cap=32"}},
          .balanced = 0,
          .quality = 1,
          .passed = true};
}

TEST(Calibrated, PutsTheCalibratedRuleInThePlaceOfAPreset) {
  Calibrated plain = calibrated("adaptive", passed(), "small", TaskKind::math);
  EXPECT_TRUE(plain.used);
  EXPECT_THAT(plain.strategy, HasSubstr("adaptive:rule=lead,m=2,cap=5,"));
  EXPECT_EQ(plain.note, "calibrated: balanced is lead:m=2,cap=5");
  Calibrated quality = calibrated("adaptive:rule=quality,wave=3", passed(), "small", TaskKind::math);
  EXPECT_THAT(quality.strategy, HasSubstr("rule=voc,lambda=0.003,guard=true,cap=32,wave=3"));
}

TEST(Calibrated, LeavesEverythingElseAloneAndSaysWhy) {
  auto note = [](const char* strategy, const char* model, TaskKind task) {
    Calibrated c = calibrated(strategy, passed(), model, task);
    EXPECT_FALSE(c.used);
    EXPECT_EQ(c.strategy, strategy);
    return c.note;
  };
  EXPECT_THAT(note("adaptive", "large", TaskKind::math), HasSubstr("the model small, not large"));
  EXPECT_THAT(note("adaptive", "small", TaskKind::code), HasSubstr("the task math, not code"));
  EXPECT_THAT(note("adaptive:rule=economy", "small", TaskKind::math), HasSubstr("no point for economy"));
  EXPECT_THAT(note("adaptive:m=4", "small", TaskKind::math), HasSubstr("a rule of its own"));
  EXPECT_THAT(note("adaptive:rule=asc", "small", TaskKind::math), HasSubstr("a rule of its own"));
  EXPECT_EQ(note("single", "small", TaskKind::math), "");
}

}  // namespace
}  // namespace reckon
