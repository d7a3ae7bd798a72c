#include "strategy/scored.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "strategy/strategy_fixture.h"

#include <reckon/error.h>

namespace reckon {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Verified, StopsAtTheFirstAnswerThatPassesAndCancelsTheRest) {
  ScriptedModel model;
  model.on("2+2?", {{"5", 100ms}, {"4", 200ms}, {.text = "one two three 6", .time = 1s}});
  Ran r = ran(model, "verified:wave=3,samples=3");
  EXPECT_EQ(r.run.outcome.answer->canonical, "4");
  EXPECT_EQ(r.run.outcome.stop_reason, "accepted");
  EXPECT_EQ(r.elapsed, 200ms);
  EXPECT_EQ(model.cancelled(), 1);
  EXPECT_EQ(r.run.receipt.usage.selected, 1);
  EXPECT_EQ(r.run.receipt.usage.computed(), model.computed);
}

TEST(Verified, GivesAPassingAnswerAgainstTheMajority) {
  ScriptedModel model;
  model.on("2+2?", {{"5", 1ms}, {"5", 1ms}, {"5", 1ms}, {"4", 1ms}});
  EXPECT_EQ(ran(model, "verified:wave=1").run.outcome.answer->canonical, "4");
}

TEST(Verified, AbstainsWhenNothingPasses) {
  ScriptedModel model;
  model.on("2+2?", {{"5", 1ms}, {"7", 1ms}, {"?", 1ms}, {.text = "", .time = 1ms, .tokens = 3}});
  Ran r = ran(model, "verified:samples=4,wave=2");
  EXPECT_FALSE(r.run.outcome.answer);
  EXPECT_EQ(r.run.outcome.stop_reason, "abstain");
  EXPECT_EQ(r.run.receipt.finished, 4);
  EXPECT_EQ(r.run.receipt.usage.selected, 0);
}

TEST(Verified, ABudgetEndsItWithoutAnAnswerThatWasNotAccepted) {
  ScriptedModel model;
  model.on("2+2?", {{"5", 10ms}, {.text = "a b c d e f g h 4", .time = 90ms}});
  Ran r = ran(model, "verified:wave=1", {.budget = {.tokens = 6}});
  EXPECT_FALSE(r.run.outcome.answer);
  EXPECT_EQ(r.run.outcome.stop_reason, "budget:tokens");
  EXPECT_EQ(r.run.receipt.usage.computed(), 6);
}

TEST(Verified, RefusesAQuestionWithoutACheckBeforeItComputesAnything) {
  HashModel model;
  Sim sim;
  Question plain{.id = "q", .messages = {{"user", "2+2?"}}};
  Verbatim verifier;
  try {
    (void)sim.run(run(plain, *make_strategy("verified"), model, verifier, {}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid_request);
    EXPECT_THAT(error.what(), HasSubstr("has no condition"));
  }
  EXPECT_EQ(model.computed, 0);
}

TEST(BestOfN, WithACheckTheVoteDecidesBetweenAnswersThatPass) {
  ScriptedModel model;
  model.on("2+2?", {{"5", 1ms}, {"5", 1ms}, {"5", 1ms}, {"2", 1ms}, {"4", 1ms}, {"4", 1ms}});
  Ran r = ran(model, "best-of-n:samples=6");
  EXPECT_EQ(r.run.outcome.answer->canonical, "4");
  EXPECT_EQ(r.run.outcome.votes, 2);
  EXPECT_THAT(r.run.receipt.notes, IsEmpty());
}

TEST(BestOfN, TakesTheSampleWithTheBestScore) {
  for (int i = 0; i < 20; ++i) {
    HashModel model;
    Ran r = ran(model, "best-of-n:scorer=p-true,discrimination=0.6", {}, "question " + std::to_string(i));
    const std::vector<Sample>& samples = r.run.outcome.samples;
    ASSERT_EQ(samples.size(), 8u);
    auto best = std::ranges::max_element(samples, {}, [](const Sample& s) { return s.score.value(); });
    EXPECT_EQ(r.run.outcome.text, best->text);
  }
}

TEST(WeightedVote, TakesTheAnswerWithTheLargestSumOfScores) {
  for (int i = 0; i < 20; ++i) {
    HashModel model;
    Ran r = ran(model, "weighted-vote:scorer=judge,discrimination=0.6", {}, "question " + std::to_string(i));
    std::map<std::string, double> sums;
    for (const Sample& sample : r.run.outcome.samples) sums[sample.answer->canonical] += sample.score.value();
    auto best = std::ranges::max_element(sums, {}, [](const auto& entry) { return entry.second; });
    EXPECT_EQ(r.run.outcome.answer->canonical, best->first);
  }
}

TEST(Scores, WithoutMeasuredDiscriminationTheVoteIsThePlainOneAndTheReceiptSaysSo) {
  for (int i = 0; i < 20; ++i) {
    HashModel model;
    std::string text = "question " + std::to_string(i);
    Ran plain = ran(model, "self-consistency:samples=8,early_stop=false", {}, text);
    for (const char* strategy : {"best-of-n:scorer=p-true", "weighted-vote:scorer=judge,discrimination=0.5"}) {
      Ran r = ran(model, strategy, {}, text);
      EXPECT_EQ(r.run.outcome.text, plain.run.outcome.text);
      EXPECT_EQ(r.run.outcome.confidence, plain.run.outcome.confidence);
      ASSERT_EQ(r.run.receipt.notes.size(), 1u);
      EXPECT_THAT(r.run.receipt.notes[0], HasSubstr("every sample weighs the same"));
      EXPECT_TRUE(r.run.outcome.samples[0].score);  // taken all the same, so that they can be measured
    }
  }
}

TEST(Scores, TokensOfAScorerAreChargedAsVerifier) {
  ScriptedModel model;
  model.on("2+2?", {{"4", 1ms}, {.text = "", .time = 1ms, .tokens = 3}});
  Ran r = ran(model, "best-of-n:samples=2,scorer=p-true,discrimination=0.6");
  EXPECT_EQ(r.run.receipt.usage.verifier, 13);  // 11 words of the question to the one sample with an answer, yes, no
  EXPECT_EQ(r.run.receipt.usage.prompt, 1);
  EXPECT_EQ(r.run.receipt.usage.computed(), model.computed);
}

TEST(Scores, ABudgetThatEndsInsideTheScorerLeavesTheSampleUnscored) {
  ScriptedModel model;
  model.on("2+2?", {{"4", 1ms}, {"4", 900ms}});
  Ran r = ran(model, "best-of-n:samples=2,scorer=p-true,discrimination=0.6", {.budget = {.tokens = 8}});
  ASSERT_EQ(r.run.outcome.samples.size(), 2u);
  EXPECT_FALSE(r.run.outcome.samples[0].score);
  EXPECT_EQ(r.run.outcome.answer->canonical, "4");
  EXPECT_LE(r.run.receipt.usage.computed(), 8);
}

// Likes the letter A by two nats, and the letter that says "right" by one.
class LikesTheLetterA : public HashModel {
 public:
  double logprob(const std::string& text, const std::string& letter) override {
    const bool right_is_a = text.find("A) The final answer is right.") != std::string::npos;
    return (letter == "A" ? 2 : 0) + (right_is_a == (letter == "A") ? 1 : 0);
  }
};

TEST(Scores, TheJudgesPreferenceForALetterCancels) {
  LikesTheLetterA model;
  Ran r = ran(model, "best-of-n:samples=3,scorer=judge,discrimination=0.6", {}, "a question");
  for (const Sample& sample : r.run.outcome.samples) EXPECT_NEAR(sample.score.value(), 1 / (1 + std::exp(-1)), 1e-12);
}

TEST(Scores, AnUnknownScorerGetsASuggestion) {
  try {
    (void)make_strategy("best-of-n:scorer=p-ture");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid_request);
    EXPECT_THAT(error.what(), HasSubstr("did you mean p-true?"));
  }
}

TEST(Scores, AModelThatCannotAppendIsRefused) {
  HashModel model;
  model.capabilities_.append = false;
  EXPECT_THROW(ran(model, "best-of-n:scorer=judge"), Error);
  EXPECT_EQ(model.computed, 0);
}

}  // namespace
}  // namespace reckon
