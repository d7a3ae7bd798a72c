#include "stats/stats.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>

#include <reckon/error.h>

#include "base/rng.h"
#include "stats/bootstrap.h"
#include "stats/power.h"

namespace reckon {
namespace {

using boost::json::value;

const value& vectors() {
  static const value all = [] {
    std::ifstream file(RECKON_TEST_DATA "/stats/vectors.json");
    std::stringstream text;
    text << file.rdbuf();
    return boost::json::parse(text.str());
  }();
  return all;
}
const boost::json::array& cases(const char* name) { return vectors().at(name).as_array(); }
double number(const value& object, const char* key) { return object.at(key).to_number<double>(); }
int integer(const value& object, const char* key) { return object.at(key).to_number<int>(); }
std::vector<double> numbers(const value& object, const char* key) {
  return boost::json::value_to<std::vector<double>>(object.at(key));
}

TEST(Stats, WilsonAgreesWithStatsmodels) {
  for (const value& c : cases("wilson")) {
    Interval interval = wilson(integer(c, "s"), integer(c, "n"), number(c, "level"));
    EXPECT_NEAR(interval.lo, numbers(c, "interval")[0], 1e-12);
    EXPECT_NEAR(interval.hi, numbers(c, "interval")[1], 1e-12);
  }
}

TEST(Stats, ClopperPearsonAgreesWithSciPy) {
  for (const value& c : cases("clopper_pearson")) {
    int s = integer(c, "s"), n = integer(c, "n");
    Interval interval = clopper_pearson(s, n, number(c, "level"));
    EXPECT_NEAR(interval.lo, numbers(c, "interval")[0], 1e-9);
    EXPECT_NEAR(interval.hi, numbers(c, "interval")[1], 1e-9);
    EXPECT_NEAR(clopper_pearson_upper(s, n, number(c, "level")), number(c, "upper"), 1e-9);
  }
}

TEST(Stats, ExactMcNemarAgreesWithStatsmodels) {
  for (const value& c : cases("mcnemar"))
    EXPECT_NEAR(mcnemar_exact(integer(c, "a"), integer(c, "b")), number(c, "p"), 1e-12);
}

TEST(Stats, NonInferiorityAgreesWithSciPy) {
  for (const value& c : cases("non_inferiority")) {
    auto result = non_inferiority(numbers(c, "differences"), number(c, "margin"), number(c, "level"));
    EXPECT_NEAR(result.p, number(c, "p"), 1e-9);
    EXPECT_NEAR(result.lower, number(c, "lower"), 1e-9);
    EXPECT_EQ(result.holds, result.p < 1 - number(c, "level"));
  }
}

TEST(Stats, PassAtKIsTheShareOfSubsetsWithARightDraw) {
  for (const value& c : cases("pass_at_k"))
    EXPECT_NEAR(pass_at_k(integer(c, "n"), integer(c, "c"), integer(c, "k")), number(c, "value"), 1e-12);
}

TEST(Stats, TheIsotonicFitAgreesWithScikitLearn) {
  for (const value& c : cases("isotonic")) {
    auto fit = isotonic(numbers(c, "values"), numbers(c, "weights")), expected = numbers(c, "fit");
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(fit[i], expected[i], 1e-12);
  }
}

TEST(Stats, HolmAgreesWithStatsmodels) {
  for (const value& c : cases("holm")) {
    auto adjusted = holm(numbers(c, "p")), expected = numbers(c, "adjusted");
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-12);
  }
}

TEST(Bootstrap, IntervalsAgreeWithSciPyOnItsOwnResamples) {
  for (const value& c : cases("bootstrap")) {
    auto a = numbers(c, "a"), b = numbers(c, "b"), resampled = numbers(c, "resampled");
    std::vector<double> jackknife;
    double sum = 0, n = static_cast<double>(a.size());
    for (size_t i = 0; i < a.size(); ++i) sum += a[i] - b[i];
    for (size_t i = 0; i < a.size(); ++i) jackknife.push_back((sum - a[i] + b[i]) / (n - 1));
    for (bool bca : {false, true}) {
      auto left_out = bca ? std::span<const double>(jackknife) : std::span<const double>();
      Interval interval = bootstrap_interval(number(c, "value"), resampled, left_out, number(c, "level"));
      EXPECT_NEAR(interval.lo, numbers(c, bca ? "bca" : "percentile")[0], 1e-9) << bca;
      EXPECT_NEAR(interval.hi, numbers(c, bca ? "bca" : "percentile")[1], 1e-9) << bca;
    }
  }
}

TEST(Bootstrap, CoversTheTrueDifferenceAboutAsOftenAsItSays) {
  int covered = 0, trials = 200;
  for (int trial = 0; trial < trials; ++trial) {
    Rng rng(derive(11, trial));
    std::vector<double> a, b;
    for (int i = 0; i < 60; ++i) {
      double hard = rng.uniform();
      a.push_back(rng.uniform() < hard * 0.5 + 0.5), b.push_back(rng.uniform() < hard * 0.5 + 0.4);  // 0.1 apart
    }
    Interval interval = paired_bootstrap(a, b, {}, {.resamples = 400, .seed = derive(5, trial)});
    covered += interval.lo <= 0.1 && 0.1 <= interval.hi;
  }
  EXPECT_GE(covered, trials * 9 / 10);
  EXPECT_LE(covered, trials * 99 / 100);
}

TEST(Bootstrap, DrawsWholeClusters) {
  std::vector<double> a, b(40, 0.0);
  std::vector<std::string> family;
  for (int i = 0; i < 40; ++i) a.push_back(i < 20), family.push_back(i < 20 ? "right" : "wrong");
  Interval alone = paired_bootstrap(a, b), together = paired_bootstrap(a, b, family);
  EXPECT_DOUBLE_EQ(alone.value, 0.5);
  EXPECT_DOUBLE_EQ(together.value, 0.5);
  EXPECT_LT(alone.hi, 0.7);
  EXPECT_DOUBLE_EQ(together.lo, 0);  // both draws may be the same family
  EXPECT_DOUBLE_EQ(together.hi, 1);
}

TEST(Bootstrap, DependsOnTheSeedAlone) {
  std::vector<double> first(30), again(30);
  resample_counts(3, 17, first);
  resample_counts(3, 18, again);
  EXPECT_NE(first, again);
  resample_counts(3, 17, again);
  EXPECT_EQ(first, again);
  EXPECT_EQ(std::accumulate(first.begin(), first.end(), 0.0), 30);
}

TEST(Bootstrap, AConstantSampleHasAnIntervalOfNoWidth) {
  std::vector<double> a(12, 1.0), b(12, 0.0);
  for (auto kind : {BootstrapOptions::Kind::percentile, BootstrapOptions::Kind::bca}) {
    Interval interval = paired_bootstrap(a, b, {}, {.resamples = 50, .kind = kind});
    EXPECT_EQ(interval.lo, 1);
    EXPECT_EQ(interval.hi, 1);
  }
}

TEST(Power, AgreesWithStatsmodels) {
  for (const value& c : cases("power"))
    EXPECT_NEAR(paired_power(number(c, "difference"), number(c, "sd"), integer(c, "questions"), number(c, "alpha")),
                number(c, "power"), 1e-6);
  for (const value& c : cases("questions_needed"))
    EXPECT_EQ(questions_needed(number(c, "difference"), number(c, "sd"), number(c, "power"), number(c, "alpha")),
              integer(c, "questions"));
}

TEST(Power, TheSmallestDifferenceOfTheNeededQuestionsIsThePlannedOne) {
  double sd = paired_sd(0.1, 0.01);
  int n = questions_needed(0.01, sd);
  EXPECT_NEAR(n, 7850, 20);  // (1.96 + 0.84)^2 * (0.1 - 0.0001) / 0.0001
  EXPECT_NEAR(smallest_difference(sd, n), 0.01, 1e-5);
}

TEST(Stats, ImpossibleArgumentsAreRefused) {
  EXPECT_THROW(wilson(1, 0), Error);
  EXPECT_THROW(wilson(3, 2), Error);
  EXPECT_THROW(clopper_pearson(-1, 2), Error);
  EXPECT_THROW(pass_at_k(4, 2, 5), Error);
  EXPECT_THROW(paired_bootstrap(std::vector<double>{1}, std::vector<double>{1, 2}), Error);
  EXPECT_THROW(bootstrap(0, [](std::span<const double>) { return 0.0; }), Error);
  EXPECT_THROW(questions_needed(0, 1), Error);
  EXPECT_THROW(paired_sd(0.1, 0.2), Error);
}

}  // namespace
}  // namespace reckon
