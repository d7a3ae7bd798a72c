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
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

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

TEST(Verified, DrawsUntilAsManyPassAsItWasAskedFor) {
  ScriptedModel model;
  model.on("2+2?", {{"4", 1ms}, {"5", 1ms}, {"6", 1ms}});
  Ran r = ran(model, "verified:wave=1,accept=2");
  EXPECT_EQ(r.run.receipt.finished, 3);
  EXPECT_EQ(r.run.outcome.stop_reason, "accepted");
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

TEST(Scores, WhereAnOpinionIsUsedTheReceiptSaysHowGoodItIsSaidToBe) {
  HashModel model;
  for (const char* strategy :
       {"best-of-n:scorer=judge,discrimination=0.62", "weighted-vote:scorer=p-true,discrimination=0.62"}) {
    Ran r = ran(model, strategy, {}, "a question");
    ASSERT_EQ(r.run.receipt.notes.size(), 1u);
    EXPECT_THAT(r.run.receipt.notes[0], HasSubstr("with probability 0.62"));
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

// In a comparison it prefers replies with the larger last word by one nat, and the letter A by `bias`.
class PrefersTheLarger : public ScriptedModel {
 public:
  double logprob(const std::string& text, const std::string& letter) override {
    const auto last_word_before = [&](const char* end) {
      const size_t at = text.find(end);
      return text.substr(0, at).substr(text.find_last_of(" \n", at - 1) + 1);
    };
    const bool a = last_word_before("\n\nReply B:") > last_word_before("\n\nCheck both.");
    asked.push_back(text);
    return (letter == "A" ? bias : 0) + (a == (letter == "A") ? 1 : 0);
  }
  double bias = 0;
  std::vector<std::string> asked;
};

TEST(PairwiseJudge, AnAnswerIsWorthTheShareOfItsComparisonsThatItWins) {
  PrefersTheLarger model;
  model.bias = 0.5;  // a preference for a letter that does not outweigh what it sees
  model.on("2+2?", {{"the long way to 3", 1ms}, {"3", 2ms}, {"5", 3ms}, {"3", 4ms}, {"4", 5ms}});
  Ran r = ran(model, "best-of-n:samples=5,scorer=judge-pairwise,discrimination=0.6");
  std::vector<double> scores;
  for (const Sample& sample : r.run.outcome.samples) scores.push_back(sample.score.value());
  EXPECT_THAT(scores, ElementsAre(0, 0, 1, 0, 0.5));
  EXPECT_EQ(r.run.outcome.answer->canonical, "5");
  EXPECT_EQ(model.asked.size(), 3u * 2 * 2);  // pairs of answers, orders, letters
  for (const std::string& text : model.asked) EXPECT_THAT(text, Not(HasSubstr("long way")));  // the shortest speaks
  EXPECT_EQ(r.run.receipt.usage.prompt, 1);
  EXPECT_GT(r.run.receipt.usage.verifier, 6 * 20);
  EXPECT_EQ(r.run.receipt.usage.computed(), model.computed);
}

TEST(PairwiseJudge, OrdersThatDisagreeAreATieAndTheVoteDecides) {
  PrefersTheLarger model;
  model.bias = 5;  // whatever stands first is right
  model.on("2+2?", {{"5", 1ms}, {"4", 2ms}, {"4", 3ms}});
  Ran r = ran(model, "best-of-n:samples=3,scorer=judge-pairwise,discrimination=0.6");
  for (const Sample& sample : r.run.outcome.samples) EXPECT_EQ(sample.score, 0.5);
  EXPECT_EQ(r.run.outcome.answer->canonical, "4");
}

TEST(PairwiseJudge, OneAnswerAloneIsComparedWithNothing) {
  PrefersTheLarger model;
  model.on("2+2?", {{"4", 1ms}, {"4", 2ms}, {.text = "", .time = 3ms, .tokens = 3}});
  Ran r = ran(model, "weighted-vote:samples=3,scorer=judge-pairwise,discrimination=0.6");
  EXPECT_EQ(r.run.outcome.answer->canonical, "4");
  EXPECT_EQ(r.run.receipt.usage.verifier, 0);
  EXPECT_FALSE(r.run.outcome.samples[0].score);
}

TEST(PairwiseJudge, ABudgetThatEndsBetweenComparisonsLeavesTheRestOut) {
  for (int64_t tokens = 4; tokens < 200; ++tokens) {
    PrefersTheLarger model;
    model.on("2+2?", {{"3", 1ms}, {"4", 2ms}, {"5", 3ms}});
    Ran r = ran(model, "best-of-n:samples=3,scorer=judge-pairwise,discrimination=0.6", {.budget = {.tokens = tokens}});
    EXPECT_LE(r.run.receipt.usage.computed(), tokens);
    EXPECT_TRUE(r.run.outcome.answer);
  }
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
  for (const char* scorer : {"p-true", "judge", "judge-pairwise"})
    EXPECT_THROW(ran(model, std::string("best-of-n:scorer=") + scorer), Error);
  EXPECT_EQ(model.computed, 0);
}

}  // namespace
}  // namespace reckon
