#include "strategy/thinking.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/rng.h"
#include "base/sim.h"
#include "model/testing/simulated_model.h"
#include "strategy/catalog.h"
#include "strategy/run.h"

namespace reckon {
namespace {

// Thinks for as many words as it was told, unless its block is closed for it, and then answers.
class ThinkingModel : public SimulatedModel {
 public:
  ThinkingModel(int thoughts, int answer, bool first) : thoughts_(thoughts), answer_(answer) {
    capabilities_.think_open = "<think>", capabilities_.think_close = "</think>";
    capabilities_.think_first = first;
  }
  Reply reply(const std::string& text, uint64_t) override {
    std::string said;
    if (text.find("</think>") == std::string::npos) {
      bool open = capabilities_.think_first || text.find("<think>") != std::string::npos;
      if (!open && thoughts_ > 0) said += "<think>";
      for (int i = 0; i < thoughts_; ++i) said += fmt::format(" t{}", i);
      if (open || thoughts_ > 0) said += " </think>";
    }
    for (int i = 0; i < answer_; ++i) said += fmt::format(" a{}", i);
    return {.text = said};
  }

 private:
  int thoughts_, answer_;
};

class Any : public Verifier {
 public:
  std::optional<Answer> extract(const Question&, std::string_view text, bool) const override {
    return Answer{std::string(text), std::string(text), 0, text.size()};
  }
  Verdict judge(const Question&, const Answer&, std::string_view) const override { return Verdict::undecided; }
};

Sample sample_of(ThinkingModel& model, int tokens, std::optional<int64_t> thinking = {}) {
  Sim sim;
  Any any;
  Question question{.id = "q", .messages = {{"user", "why"}}};
  RunOptions options{.budget = {.thinking_tokens = thinking}, .until = {.tokens = tokens, .stop = {}}};
  Run done = sim.run(run(question, *make_strategy("single"), model, any, std::move(options)));
  EXPECT_EQ(done.receipt.usage.computed(), model.computed);
  EXPECT_EQ(done.outcome.samples.size(), 1u);
  return done.outcome.samples.at(0);
}

std::string answer_of(const Sample& sample) {
  size_t close = sample.text.find("</think>");
  return close == std::string::npos ? sample.text : sample.text.substr(close + 8);
}

TEST(Thinking, AShortBlockIsLeftAsItIs) {
  for (bool first : {false, true}) {
    ThinkingModel model(3, 2, first);
    Sample sample = sample_of(model, 100);
    EXPECT_EQ(sample.text, "<think> t0 t1 t2 </think> a0 a1");
    EXPECT_EQ(sample.finish, Finish::stop);
    EXPECT_EQ(sample.thinking, first ? 4 : 5);
  }
}

TEST(Thinking, ABlockThatReachesItsCapIsClosedAndAnswered) {
  for (bool first : {false, true}) {
    ThinkingModel model(1000, 2, first);
    Sample sample = sample_of(model, 100, 10);
    EXPECT_EQ(sample.thinking, 10);
    EXPECT_NE(answer_of(sample).find("a0 a1"), std::string::npos) << sample.text;
    EXPECT_EQ(sample.finish, Finish::stop);
  }
}

TEST(Thinking, NoTokensForThinkingMeanNoBlock) {
  for (bool first : {false, true}) {
    ThinkingModel model(50, 2, first);
    Sample sample = sample_of(model, 100, 0);
    EXPECT_EQ(sample.text, " a0 a1");
    EXPECT_EQ(sample.thinking, 0);
  }
}

TEST(Thinking, AModelThatAnswersAtOnceHasAllItsTokens) {
  ThinkingModel model(0, 30, false);
  Sample sample = sample_of(model, 20);
  EXPECT_EQ(sample.finish, Finish::length);
  EXPECT_NE(sample.text.find("a19"), std::string::npos) << sample.text;
}

TEST(Thinking, WhateverTheLimitsTheReserveIsLeftAndTheAnswerIsNeverEmpty) {
  Rng rng(1);
  for (int round = 0; round < 300; ++round) {
    ThinkingModel model(1 + static_cast<int>(rng.below(2000)), 600, rng.below(2) == 1);
    int tokens = 4 + static_cast<int>(rng.below(1500));
    std::optional<int64_t> budget;
    if (rng.below(2) == 1) budget = static_cast<int64_t>(rng.below(2000));
    Sample sample = sample_of(model, tokens, budget);
    EXPECT_LE(sample.thinking, tokens - answer_reserve(tokens)) << tokens;
    if (budget) EXPECT_LE(sample.thinking, *budget);
    EXPECT_LE(sample.tokens, tokens);
    EXPECT_NE(answer_of(sample).find("a0"), std::string::npos) << sample.text;
    EXPECT_GE(sample.tokens - sample.thinking, std::min(600, answer_reserve(tokens)));
  }
}

}  // namespace
}  // namespace reckon
