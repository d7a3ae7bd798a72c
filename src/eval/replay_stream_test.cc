#include "eval/replay_stream.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/rng.h"
#include "eval/boinf.h"
#include "eval/replay_input.h"
#include "eval/replay_run.h"

namespace reckon {
namespace {

// Questions of every difficulty, some answers missing.
Pool random_pool(uint64_t seed, int questions) {
  Pool pool{.name = "p"};
  Rng rng(seed);
  for (int i = 0; i < questions; ++i) {
    Pool::Question q{.id = std::to_string(i), .answers = {{"0", true}, {"1"}, {"2"}, {"3"}}};
    double easy = rng.uniform();
    for (int s = 0; s < 80; ++s) {
      int answer = rng.uniform() < easy ? 0 : static_cast<int>(rng.below(5)) - 1;
      q.samples.push_back({answer, 100 + static_cast<double>(rng.below(900))});
    }
    pool.questions.push_back(std::move(q));
  }
  return pool;
}

// What a 1.5B model said to the fifty bundled questions, sixteen times each.
Pool recorded_pool() {
  const std::string file = RECKON_TEST_DATA "/../../data/recordings/qwen2.5-coder-1.5b-16-samples.jsonl.zst";
  return std::move(read_pools({file}, "recording", CostOf::tokens, exact_answers()).pools.at(0));
}

double mean_draw(const Pool& pool) { return Replayer(ReplayOptions(), pool).mean_draw(); }

TEST(ReplayStream, MeetsItsMeanBudgetOnRecordedQuestionsAndSettles) {
  Pool pool = random_pool(11, 200);
  double draw = mean_draw(pool);
  for (double samples : {4.0, 6.0, 9.0}) {
    StreamResult stream = replay_stream(pool, {.budget = {.tokens = samples * draw}, .questions = 1500});
    EXPECT_NEAR(stream.tokens / draw, samples, 0.15 * samples);
    EXPECT_LT(stream.wobble, 0.4);
  }
}

TEST(ReplayStream, AnUnreachableBudgetEndsAtTheCapAndNotBeyond) {
  Pool pool = random_pool(12, 50);
  double draw = mean_draw(pool);
  StreamResult stream = replay_stream(pool, {.budget = {.tokens = 1000 * draw}, .questions = 500, .cap = 12});
  EXPECT_LT(stream.tokens, 12 * 1000);
  EXPECT_NEAR(stream.price, 0.001, 1e-9);
}

TEST(ReplayStream, ConvergesOnRealOrderingsFromFarAway) {
  Pool pool = recorded_pool();
  double draw = mean_draw(pool);
  for (double samples : {5.0, 7.0}) {
    StreamOptions plan{.budget = {.tokens = samples * draw}, .questions = 2000, .cap = 16};
    double usual = replay_stream(pool, plan).price;
    for (double start : {.001, .3}) {
      plan.budget.start = start;
      StreamResult stream = replay_stream(pool, plan);
      EXPECT_NEAR(stream.tokens / draw, samples, 0.1 * samples) << start;
      EXPECT_NEAR(std::log(stream.price), std::log(usual), 0.3) << start;
    }
  }
}

TEST(ReplayStream, DoesNotOscillateOnRealOrderings) {
  Pool pool = recorded_pool();
  StreamOptions plan{.budget = {.tokens = 5 * mean_draw(pool)}, .questions = 1000, .cap = 16};
  StreamResult stream = replay_stream(pool, plan);
  EXPECT_LT(stream.wobble, 0.3);
  plan.budget.gain = 1;  // what it looks like where a controller chases every question
  EXPECT_GT(replay_stream(pool, plan).wobble, 3 * stream.wobble);
}

TEST(ReplayStream, MeetsItsMeanBudgetOnPublicRecordings) {
  const char* data = std::getenv("RECKON_DATA");
  if (!data) GTEST_SKIP() << "set RECKON_DATA to a folder with traces-boinf to run this";
  double miss = 0;
  for (const char* model : {"Qwen3-4B", "Qwen3-14B", "gpt-oss-20b", "Phi-4-reasoning"}) {
    Pool pool = read_boinf(std::string(data) + "/traces-boinf/analysis_aime2024_" + model + ".jsonl", exact_answers());
    double tokens = 6 * mean_draw(pool);
    StreamResult stream = replay_stream(pool, {.budget = {.tokens = tokens}, .questions = 1000});
    miss += std::abs(stream.tokens / tokens - 1) / 4;
    EXPECT_LT(stream.wobble, 0.4) << model;
  }
  EXPECT_LT(miss, 0.15);
}

}  // namespace
}  // namespace reckon
