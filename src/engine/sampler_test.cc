#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"

namespace reckon {
namespace {

std::vector<float> random_row(size_t size, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> row(size);
  for (float& x : row) x = static_cast<float>(12 * rng.uniform() - 6 + 6 * rng.uniform());
  return row;
}

struct Exact {
  double log_normaliser = 0, entropy = 0;
};
Exact exact(const std::vector<float>& row) {
  long double maximum = *std::max_element(row.begin(), row.end()), mass = 0, work = 0;
  for (float x : row) mass += std::exp(static_cast<long double>(x) - maximum);
  for (float x : row) work += std::exp(static_cast<long double>(x) - maximum) * (static_cast<long double>(x) - maximum);
  return {static_cast<double>(maximum + std::log(mass)), static_cast<double>(std::log(mass) - work / mass)};
}

TEST(Row, NormaliserAndEntropyAreExactForAnyLength) {
  std::vector<float> maxima;
  for (size_t size : {1u, 2u, 15u, 16u, 17u, 63u, 64u, 65u, 512u, 5000u, 151936u}) {
    std::vector<float> row = random_row(size, size);
    RowStats stats = scan_row(row, maxima);
    Exact want = exact(row);
    EXPECT_NEAR(stats.log_normaliser, want.log_normaliser, 2e-5) << size;
    EXPECT_NEAR(stats.entropy, want.entropy, 1e-4) << size;
    EXPECT_EQ(stats.maximum, *std::max_element(row.begin(), row.end()));
  }
}

TEST(Row, FlatAndPeakedDistributionsHaveTheEntropyTheyShould) {
  std::vector<float> maxima, flat(1000, 3.0f), peaked(1000, -60.0f);
  peaked[500] = 60;
  EXPECT_NEAR(scan_row(flat, maxima).entropy, std::log(1000.0), 1e-5);
  EXPECT_NEAR(scan_row(peaked, maxima).entropy, 0, 1e-6);
}

TEST(Row, InfiniteAndBrokenLogitsDoNotSpreadToTheRest) {
  std::vector<float> maxima, row(100, 0.0f);
  row[3] = -std::numeric_limits<float>::infinity();
  row[70] = std::numeric_limits<float>::quiet_NaN();
  RowStats stats = scan_row(row, maxima);
  EXPECT_NEAR(stats.log_normaliser, std::log(98.0), 1e-5);
  Sampler sampler;
  for (int i = 0; i < 100; ++i) {
    Draw draw = sampler.draw(row, {.temperature = 1, .top_k = 0, .top_p = 1}, {}, i / 100.0);
    EXPECT_NE(draw.token, 3);
    EXPECT_NE(draw.token, 70);
  }
}

TEST(Sampler, ZeroTemperatureTakesTheMostLikelyAndTheFirstOfEquals) {
  Sampler sampler;
  std::vector<float> row(300, 0.0f);
  row[200] = row[70] = 5;
  EXPECT_EQ(sampler.draw(row, {.temperature = 0}, {}, 0.99).token, 70);
}

TEST(Sampler, LogprobAndEntropyAreOfTheUntemperedModelWhateverTheSettings) {
  Sampler sampler;
  std::vector<float> row = random_row(2000, 1);
  Exact want = exact(row);
  for (const Sampling& how : {Sampling{.temperature = 0}, Sampling{.temperature = 2, .top_k = 5},
                              Sampling{.temperature = 0.3, .top_k = 0, .top_p = 0.5, .repetition_penalty = 1.5}}) {
    std::vector<int> past{1, 2, 3};
    Draw draw = sampler.draw(row, how, past, 0.5);
    EXPECT_NEAR(draw.logprob, row[static_cast<size_t>(draw.token)] - want.log_normaliser, 2e-5);
    EXPECT_NEAR(draw.entropy, want.entropy, 1e-4);
  }
}

// The frequencies over an even grid of `uniform` are the probabilities, for every kind of truncation.
std::vector<double> frequencies(const std::vector<float>& row, const Sampling& how, std::span<const int> past = {}) {
  Sampler sampler;
  std::vector<double> share(row.size());
  constexpr int kGrid = 20000;
  for (int i = 0; i < kGrid; ++i)
    share[static_cast<size_t>(sampler.draw(row, how, past, (i + 0.5) / kGrid).token)] += 1.0 / kGrid;
  return share;
}
std::vector<double> softmax(const std::vector<float>& row, double temperature, const std::vector<bool>& kept) {
  std::vector<double> p(row.size());
  double mass = 0;
  for (size_t i = 0; i < row.size(); ++i)
    if (kept[i]) mass += p[i] = std::exp(row[i] / temperature);
  for (double& x : p) x /= mass;
  return p;
}

TEST(Sampler, DrawsWithTheProbabilitiesOfTheTruncatedTemperedDistribution) {
  std::vector<float> row{2.0f, 1.0f, 0.0f, -1.0f, 1.5f};  // best first: 0, 4, 1, 2, 3
  struct Case {
    Sampling how;
    std::vector<bool> kept;
  };
  const std::vector<Case> cases{
      {{.temperature = 1, .top_k = 0, .top_p = 1}, {true, true, true, true, true}},
      {{.temperature = 2, .top_k = 3, .top_p = 1}, {true, true, false, false, true}},
      {{.temperature = 1, .top_k = 0, .top_p = 0.7}, {true, false, false, false, true}},
      {{.temperature = 1, .top_k = 5, .top_p = 0.7}, {true, false, false, false, true}},
      {{.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0.3}, {true, true, false, false, true}},
      {{.temperature = 0.5, .top_k = 4, .top_p = 1, .min_p = 0.3}, {true, false, false, false, true}},
  };
  for (const Case& c : cases) {
    std::vector<double> got = frequencies(row, c.how), want = softmax(row, c.how.temperature, c.kept);
    for (size_t i = 0; i < row.size(); ++i) EXPECT_NEAR(got[i], want[i], 2e-4) << c.how.top_k << ' ' << c.how.top_p;
  }
}

TEST(Sampler, RepetitionPenaltyCountsATokenOnceAndLooksBack64) {
  std::vector<float> row{2.0f, 2.0f, -1.0f, 0.0f};
  std::vector<int> past(70, 0);
  past[0] = 1;  // too far back
  past[69] = 2;
  Sampling how{.temperature = 1, .top_k = 0, .top_p = 1, .repetition_penalty = 2};
  std::vector<double> got = frequencies(row, how, past);
  std::vector<double> want = softmax({1.0f, 2.0f, -2.0f, 0.0f}, 1, {true, true, true, true});
  for (size_t i = 0; i < row.size(); ++i) EXPECT_NEAR(got[i], want[i], 2e-4);
}

TEST(Sampler, FindsTheLargestOfABigVocabularyHoweverTheyLie) {
  Sampler sampler;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<float> row = random_row(20000, seed);
    if (seed % 2) std::sort(row.begin(), row.end());
    std::vector<float> sorted = row;
    std::sort(sorted.rbegin(), sorted.rend());
    // Nearly all uniform mass at the end picks the last kept one.
    int last = sampler.draw(row, {.temperature = 1, .top_k = 40, .top_p = 1}, {}, 1 - 1e-12).token;
    EXPECT_EQ(row[static_cast<size_t>(last)], sorted[39]);
  }
}

}  // namespace
}  // namespace reckon
