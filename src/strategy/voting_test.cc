#include "strategy/voting.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "strategy/catalog.h"
#include "strategy/strategy_fixture.h"

#include <reckon/error.h>

namespace reckon {
namespace {

using namespace std::chrono_literals;

TEST(SelfConsistency, StopsAsSoonAsTheVoteIsDecided) {
  ScriptedModel model;
  model.on("2+2?", {{"4", 100ms}, {"5", 300ms}, {"4", 200ms}, {"4", 400ms}, {"5", 900ms}});
  Ran r = ran(model, "self-consistency:samples=5");
  EXPECT_EQ(r.run.outcome.answer->canonical, "4");
  EXPECT_EQ(r.run.outcome.stop_reason, "decided");
  EXPECT_EQ(r.elapsed, 400ms);  // the third "4" settles it
  EXPECT_EQ(model.cancelled(), 1);
  EXPECT_EQ(r.run.receipt.samples, 5);
  EXPECT_EQ(r.run.receipt.finished, 4);
}

TEST(SelfConsistency, WithoutEarlyStopEverySampleIsDrawn) {
  ScriptedModel model;
  model.on("2+2?", {{"4", 100ms}, {"4", 200ms}, {"4", 300ms}});
  Ran r = ran(model, "self-consistency:samples=3,early_stop=false");
  EXPECT_EQ(r.elapsed, 300ms);
  EXPECT_EQ(r.run.outcome.stop_reason, "cap");
  EXPECT_EQ(model.cancelled(), 0);
}

TEST(SelfConsistency, TiesGoToTheShorterSamples) {
  ScriptedModel model;
  model.on("2+2?", {{.text = "4", .time = 10ms, .tokens = 900}, {.text = "5", .time = 20ms, .tokens = 200}});
  EXPECT_EQ(ran(model, "self-consistency:samples=2").run.outcome.answer->canonical, "5");
}

TEST(SelfConsistency, AFailedSampleLosesItsPlaceOnly) {
  ScriptedModel model;
  model.on("2+2?", {{.text = "",
                     .time = 10ms,
                     .tokens = 2,
                     .failure = std::make_exception_ptr(Error(Code::model_unavailable, "gone"))},
                    {"4", 20ms}});
  EXPECT_EQ(ran(model, "self-consistency:samples=2").run.outcome.answer->canonical, "4");
}

TEST(Adaptive, EndsWithAsManySamplesAsItNeedsAtLeastHoweverClearTheVote) {
  ScriptedModel model;
  model.on("2+2?", std::vector<Reply>(4, {"4", 100ms}));
  Ran r = ran(model, "adaptive:m=2,wave=1,least=4");
  EXPECT_EQ(r.run.receipt.finished, 4);
  EXPECT_EQ(r.run.outcome.stop_reason, "decided");
  EXPECT_TRUE(r.run.receipt.strategy.ends_with(",least=4")) << r.run.receipt.strategy;
}

TEST(Adaptive, StopsWhenTheLeaderIsTwoAhead) {
  ScriptedModel model;
  model.on("2+2?", {{"4", 100ms}, {"5", 100ms}, {"4", 100ms}, {"4", 100ms}});
  Ran r = ran(model, "adaptive:m=2,wave=1");
  EXPECT_EQ(r.run.outcome.answer->canonical, "4");
  EXPECT_EQ(r.run.outcome.stop_reason, "decided");
  EXPECT_EQ(r.run.receipt.finished, 4);
  EXPECT_EQ(r.elapsed, 400ms);
  EXPECT_NEAR(r.run.outcome.confidence, 0.8125, 1e-12);  // beta_stay(3, 1)
}

TEST(Adaptive, RefillsAndCancelsWhatStillRunsAtTheDecision) {
  ScriptedModel model;
  model.on("2+2?",
           {{"4", 100ms}, {"4", 150ms}, {.text = "one two three four five six seven eight nine 7", .time = 1s}});
  Ran r = ran(model, "adaptive:m=2,wave=2");
  EXPECT_EQ(r.elapsed, 150ms);
  EXPECT_EQ(model.cancelled(), 1);
  const Usage& usage = r.run.receipt.usage;
  EXPECT_EQ(usage.computed(), model.computed);
  EXPECT_EQ(usage.selected, 1);
  EXPECT_EQ(usage.discarded, 2);  // the other "4", and the one word the third had begun
}

TEST(Adaptive, ItsWavesAreAsWideAsTheBatchCostCurveAndTheCallersPatienceSay) {
  auto started = [](std::vector<BatchCost> curve, const std::string& strategy) {
    ScriptedModel model;
    model.capabilities_.batch_cost = std::move(curve);
    model.on("2+2?", std::vector<Reply>(12, {"4", 100ms}));
    return ran(model, strategy).run.receipt.samples;
  };
  const std::vector<BatchCost> flat = {{1, .02}, {8, .021}}, steep = {{1, .02}, {8, .16}};
  EXPECT_EQ(started(flat, "adaptive:latency=0"), 2);  // one after the other
  EXPECT_EQ(started(flat, "adaptive:latency=1"), 9);  // eight, and one for the first that ended
  EXPECT_EQ(started(steep, "adaptive:latency=1"), 2);
  EXPECT_EQ(started(flat, "adaptive:latency=1,wave=3"), 4);  // a width that is given stays
}

TEST(Adaptive, MissingAnswersAreDrawsAndNeverVote) {
  ScriptedModel model;
  std::vector<Reply> replies;
  for (int i = 0; i < 4; ++i) replies.push_back({.text = "", .time = 10ms, .tokens = 3});
  model.on("2+2?", replies);
  Ran r = ran(model, "adaptive:m=2,cap=4,wave=2");
  EXPECT_FALSE(r.run.outcome.answer);
  EXPECT_EQ(r.run.outcome.stop_reason, "no_answer");
  EXPECT_EQ(r.run.receipt.usage.discarded, 12);
}

TEST(Adaptive, ATokenBudgetEndsItWithTheLeaderSoFar) {
  ScriptedModel model;
  model.on("2+2?", {{"4", 10ms}, {.text = "a b c d e f g h 5", .time = 90ms}});
  Ran r = ran(model, "adaptive:m=2,wave=1", {.budget = {.tokens = 6}});
  EXPECT_EQ(r.run.outcome.answer->canonical, "4");
  EXPECT_EQ(r.run.outcome.stop_reason, "budget:tokens");
  EXPECT_EQ(r.run.receipt.usage.computed(), 6);  // 1 prompt, 1 for "4", 4 of the cut sample
}

TEST(Adaptive, ADeadlineEndsItWithTheLeaderSoFar) {
  ScriptedModel model;
  model.on("2+2?", {{"4", 100ms}, {.text = "a b c d e f g h i 5", .time = 10s}});
  Ran r = ran(model, "adaptive:m=2,wave=1", {.budget = {.seconds = 3}});
  EXPECT_EQ(r.run.outcome.answer->canonical, "4");
  EXPECT_EQ(r.run.outcome.stop_reason, "deadline");
  EXPECT_LE(r.elapsed, 4100ms);
}

TEST(Single, ABudgetSmallerThanThePromptIsRefused) {
  HashModel model;
  EXPECT_THROW(ran(model, "single", {.budget = {.tokens = 2}}, "a question of six words here"), Error);
  EXPECT_EQ(model.computed, 0);
}

TEST(Strategies, UnknownNamesAndOptionsGetASuggestion) {
  for (auto [text, hint] : {std::pair{"adaptve", "did you mean adaptive?"},
                            {"adaptive:cap=0", "outside 1..1000"},
                            {"single:greddy=true", "did you mean greedy?"},
                            {"adaptive:rule=lede", "lead"},
                            {"adaptive:m=2,kap=3", "did you mean cap?"}}) {
    try {
      (void)make_strategy(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_request);
      EXPECT_NE(std::string(error.what()).find(hint), std::string::npos) << error.what();
    }
  }
}

TEST(Strategies, TheTextOfEveryStrategyMakesTheSameStrategy) {
  for (const StrategyEntry& entry : builtin_strategies()) {
    std::string text = entry.make({})->text();
    EXPECT_EQ(make_strategy(text)->text(), text);
  }
}

// Over random questions, strategies and budgets: what is charged is what was computed, no ceiling is passed, stopping
// early never changes the winner, and the same seed gives the same run.
TEST(Strategies, RandomRunsAreChargedExactlyAndStayInBudget) {
  HashModel model;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Rng rng(seed);
    std::string text = "question number " + std::to_string(rng.below(40));
    int n = 1 + static_cast<int>(rng.below(12));
    std::string strategy;
    switch (rng.below(8)) {
      case 0: strategy = "single"; break;
      case 4: strategy = "verified:wave=" + std::to_string(1 + rng.below(5)); break;
      case 5: strategy = "best-of-n:scorer=p-true,discrimination=0.7,samples=" + std::to_string(n); break;
      case 6: strategy = "weighted-vote:scorer=judge,discrimination=0.7,samples=" + std::to_string(n); break;
      case 7: strategy = "best-of-n:scorer=judge-pairwise,discrimination=0.7,samples=" + std::to_string(n); break;
      case 1: strategy = "self-consistency:samples=" + std::to_string(n); break;
      case 2: strategy = "adaptive:wave=" + std::to_string(1 + rng.below(5)); break;
      default: strategy = "adaptive:rule=asc,refill=false,wave=" + std::to_string(1 + rng.below(5));
    }
    RunOptions options{.seed = seed};
    if (rng.below(2)) options.budget.tokens = 3 + static_cast<int64_t>(rng.below(200));
    if (rng.below(3) == 0) options.budget.samples = static_cast<int64_t>(1 + rng.below(6));
    if (rng.below(3) == 0) options.budget.flops = 1e8 * static_cast<double>(1 + rng.below(10));
    int64_t before = model.computed;
    Budget budget = options.budget;
    Ran first;
    try {
      first = ran(model, strategy, options, text);
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), Code::budget_exhausted) << error.what();
      continue;
    }
    const Receipt& receipt = first.run.receipt;
    ASSERT_EQ(receipt.usage.computed(), model.computed - before) << strategy;
    if (budget.tokens) ASSERT_LE(receipt.usage.computed(), *budget.tokens);
    if (budget.samples) ASSERT_LE(receipt.samples, *budget.samples);
    if (budget.flops) ASSERT_LE(receipt.usage.flops, *budget.flops);
    Ran again = ran(model, strategy, options, text);
    ASSERT_EQ(again.run.outcome.text, first.run.outcome.text);
    ASSERT_EQ(again.run.receipt.usage.computed(), receipt.usage.computed());
  }
}

TEST(SelfConsistency, StoppingEarlyNeverChangesTheWinner) {
  HashModel model;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::string text = "question " + std::to_string(seed % 50), n = std::to_string(1 + seed % 16);
    Ran early = ran(model, "self-consistency:samples=" + n, {.seed = seed}, text);
    Ran full = ran(model, "self-consistency:early_stop=false,samples=" + n, {.seed = seed}, text);
    ASSERT_EQ(early.run.outcome.answer->canonical, full.run.outcome.answer->canonical) << text << " " << n;
    ASSERT_LE(early.run.receipt.usage.computed(), full.run.receipt.usage.computed());
  }
}

}  // namespace
}  // namespace reckon
