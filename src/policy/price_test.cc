#include "policy/price.h"

#include <gmock/gmock.h>

#include <cmath>

#include <reckon/error.h>

#include "base/rng.h"

namespace reckon {
namespace {

// Spending of a question under a price: the dearer a flip, the fewer draws; lengths and difficulty vary like real ones.
double spending(double price, Rng& rng) {
  double luck = -std::log(1 - rng.uniform());  // exponential, mean 1
  return std::min(64e3, 1000 * luck / std::sqrt(price));
}

TEST(PriceControl, ConvergesToTheMeanBudgetFromFarAway) {
  for (double start : {0.001, 0.02, 0.3}) {
    PriceControl control({.tokens = 5000, .start = start});  // 1000 / sqrt(0.04)
    Rng rng(4);
    double spent = 0;
    for (int i = 0; i < 4000; ++i) {
      double tokens = spending(control.price(), rng);
      if (i >= 2000) spent += tokens;
      control.observe(tokens);
    }
    EXPECT_NEAR(spent / 2000, 5000, 500) << start;
    EXPECT_NEAR(std::log(control.price()), std::log(0.04), 0.5) << start;
  }
}

TEST(PriceControl, SettlesInsteadOfOscillating) {
  PriceControl control({.tokens = 5000});
  double before = control.price(), early = 0, late = 0;
  Rng rng(8);
  for (int i = 0; i < 2000; ++i) {
    control.observe(spending(control.price(), rng));
    double step = std::abs(std::log(control.price() / before));
    before = control.price();
    if (i < 500) early += step;
    else if (i >= 1500) late += step;
  }
  EXPECT_LT(late, early / 2);
}

TEST(PriceControl, WithoutNoiseApproachesFromOneSide) {
  PriceControl control({.tokens = 5000, .start = 0.02});
  for (int i = 0; i < 3000; ++i) {
    double before = control.price();
    control.observe(1000 / std::sqrt(before));
    EXPECT_GE(control.price(), before);
    EXPECT_LE(control.price(), 0.0401);
  }
  EXPECT_NEAR(control.price(), 0.04, 0.002);
}

TEST(PriceControl, OneMonstrousQuestionMovesThePriceALittle) {
  PriceControl control({.tokens = 100});
  control.observe(1e12);
  EXPECT_NEAR(control.price(), 0.02 * std::exp(0.5), 1e-12);
}

TEST(PriceControl, StaysWithinTheRangeOfSensiblePrices) {
  PriceControl high({.tokens = 100}), low({.tokens = 100});
  for (int i = 0; i < 5000; ++i) high.observe(1e9), low.observe(0);
  EXPECT_NEAR(high.price(), 0.3, 1e-12);
  EXPECT_NEAR(low.price(), 0.001, 1e-12);
}

TEST(PriceControl, ReadsItsBudgetFromText) {
  EXPECT_EQ(parse_mean_budget("tokens=12000").tokens, 12000);
  EXPECT_EQ(parse_mean_budget("tokens=12000,start=0.01").start, 0.01);
  for (const char* text : {"tokens=12000", "tokens=12000,start=0.01", "tokens=12000,start=0.01,gain=0.2"})
    EXPECT_EQ(to_string(parse_mean_budget(text)), text);
  for (const char* bad : {"", "tokens=0", "tokens=-5", "token=4", "tokens=many", "tokens=nan", "start=0.1"})
    EXPECT_THROW(parse_mean_budget(bad), Error) << bad;
  EXPECT_THROW(PriceControl({.tokens = 0}), Error);
}

}  // namespace
}  // namespace reckon
