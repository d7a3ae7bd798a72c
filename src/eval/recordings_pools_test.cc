#include "eval/recordings_pools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <reckon/error.h>

namespace reckon {
namespace {

using testing::HasSubstr;

RecordedSample sample(uint64_t seed, const std::string& answer, bool correct, int tokens = 10) {
  return {.seed = seed, .text = answer, .answer = answer, .correct = correct, .tokens = tokens};
}

Recording question(const std::string& id, std::vector<RecordedSample> samples) {
  return {.id = id,
          .dataset = "sums",
          .messages = {{"user", "What is " + id + "?"}},
          .reference = "4",
          .model = "m",
          .shape = Shape{.matmul_parameters = 5},
          .sampling = Sampling{},
          .samples = std::move(samples)};
}

std::string complaint(std::vector<Recording> recordings, CostOf of = CostOf::tokens) {
  try {
    to_pools(std::move(recordings), of);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid_request);
    return error.what();
  }
  return "no complaint";
}

TEST(Pools, CountEachAnswerOnceAndChargeMissingOnes) {
  Recording r = question("a", {sample(1, "4", true), sample(2, "5", false, 20), sample(3, "4", true)});
  r.samples.push_back({.seed = 4, .text = "", .correct = false, .tokens = 30, .finish = Finish::length});
  std::vector<Pool> pools = to_pools({r}, CostOf::tokens);
  ASSERT_EQ(pools.size(), 1);
  EXPECT_EQ(pools[0].name, "sums_m");
  EXPECT_EQ(pools[0].shape->matmul_parameters, 5);
  const Pool::Question& q = pools[0].questions.at(0);
  ASSERT_EQ(q.answers.size(), 2);
  EXPECT_TRUE(q.answers[0].correct);
  EXPECT_EQ(q.samples[2].answer, 0);
  EXPECT_EQ(q.samples[3].answer, -1);
  EXPECT_EQ(q.samples[3].tokens, 30);
}

TEST(Pools, SamplesOfOneQuestionComeTogetherAndDoublesCountOnce) {
  Recording a = question("a", {sample(1, "4", true)}), b = question("a", {sample(1, "4", true), sample(2, "5", false)});
  std::vector<Pool> pools = to_pools({a, b}, CostOf::tokens);
  EXPECT_EQ(pools.at(0).questions.at(0).samples.size(), 2);
}

TEST(Pools, ContradictionsAreRefusedInOneSentence) {
  Recording a = question("a", {sample(1, "4", true)}), b = question("b", {sample(1, "4", true)});
  Recording other = b;
  other.shape->matmul_parameters = 7;
  EXPECT_THAT(complaint({a, other}), HasSubstr("two different models are both called m"));
  other = b;
  other.sampling->temperature = 0.1;
  EXPECT_THAT(complaint({a, other}), HasSubstr("different settings"));
  other = a;
  other.messages[0].content = "Something else?";
  EXPECT_THAT(complaint({a, other}), HasSubstr("two different texts"));
  EXPECT_THAT(complaint({a, question("a", {sample(1, "5", false)})}), HasSubstr("seed 1"));
}

TEST(Pools, TheShortestSampleSpeaksForAnAnswerThatIsWrittenInSeveralWays) {
  for (int tokens : {90, 110}) {
    Recording a = question("a", {sample(1, "4", true, 100), sample(2, "4", false, tokens)});
    const Pool::Question q = to_pools({a}, CostOf::tokens).at(0).questions.at(0);
    ASSERT_EQ(q.answers.size(), 1u);
    EXPECT_EQ(q.answers[0].correct, tokens > 100);
  }
}

TEST(Pools, WhatHasNoHonestCostIsRefused) {
  Recording a = question("a", {sample(1, "4", true, 0)});
  EXPECT_THAT(complaint({a}), HasSubstr("no token count"));
  EXPECT_EQ(to_pools({a}, CostOf::samples)[0].questions[0].samples[0].tokens, 1);
  a.samples[0].text.reset();
  EXPECT_THAT(complaint({a}, CostOf::text), HasSubstr("no text"));
}

TEST(Pools, SamplesOfARunThatStoppedEarlyOrCouldHaveAreRefused) {
  Recording a = question("a", {sample(1, "4", true)});
  a.run =
      RecordedRun{.strategy = "self-consistency:samples=2,early_stop=false", .stop_reason = "decided", .started = 2};
  EXPECT_THAT(complaint({a}), HasSubstr("stopped early"));
  a.run->stop_reason = "cap";
  EXPECT_EQ(to_pools({a}, CostOf::tokens).size(), 1);
  a.run->cancelled.push_back({3, 5});
  EXPECT_THAT(complaint({a}), HasSubstr("stopped early"));
  a.run->cancelled.clear();
  for (const char* strategy : {"adaptive:rule=lead,m=2,cap=2,wave=0,latency=0.5,refill=true",
                               "self-consistency:samples=2,early_stop=true", "verified:samples=2,wave=1"}) {
    a.run->strategy = strategy;  // at the cap, because the vote was not clear before
    EXPECT_THAT(complaint({a}), HasSubstr("could have"));
  }
}

Recording ended(const std::string& why, std::vector<RecordedSample> samples) {
  Recording r = question("a", std::move(samples));
  r.run = RecordedRun{.strategy = "self-consistency:samples=1,early_stop=false",
                      .stop_reason = why,
                      .answer = "4",
                      .votes = 1,
                      .confidence = 0.75,
                      .difficulty = 0.4,
                      .started = 1};
  return r;
}

TEST(Pools, AnEarlyStopIsRefusedHoweverItsSamplesArePutTogether) {
  Recording whole = ended("cap", {sample(1, "4", true)}), early = ended("decided", {sample(2, "5", false)}),
            imported = question("a", {sample(3, "5", false)});
  for (const std::vector<Recording>& order :
       {std::vector{whole, early}, {early, whole}, {imported, early}, {early, imported}, {whole, imported, early}}) {
    EXPECT_THAT(complaint(order), HasSubstr("stopped early"));
    std::vector<Recording> once = merged(order);
    EXPECT_THAT(complaint({once.at(0), question("a", {sample(9, "4", true)})}), HasSubstr("stopped early"));
  }
  EXPECT_EQ(to_pools({whole, imported}, CostOf::tokens).at(0).questions.at(0).samples.size(), 2);
}

TEST(Pools, JoinedRunsKeepNoDecisionOfOneOfThem) {
  Recording one = ended("cap", {sample(1, "4", true)}), other = ended("cap", {sample(2, "5", false)});
  Recording both = merged({one, other}).at(0);
  EXPECT_EQ(both.run->stop_reason, kJoined);
  EXPECT_EQ(both.run->started, 2);
  EXPECT_FALSE(both.run->answer);
  EXPECT_EQ(both.run->votes, 0);
  EXPECT_FALSE(both.run->difficulty);
  EXPECT_EQ(to_json(merged({one, one}).at(0)), to_json(one));  // the same run twice is that run
}

TEST(Pools, SamplesNobodyJudgedAreRefused) {
  Recording a = question("a", {sample(1, "4", true)});
  a.samples[0].correct.reset();
  EXPECT_THAT(complaint({a}), HasSubstr("never judged"));
  EXPECT_THAT(complaint({question("a", {})}), HasSubstr("no samples"));
}

TEST(Pools, EveryModelAndDataSetIsAPoolOfItsOwn) {
  Recording a = question("a", {sample(1, "4", true)}), b = a, c = a;
  b.model = "n";
  c.dataset = "products";
  EXPECT_EQ(to_pools({a, b, c}, CostOf::tokens).size(), 3);
}

}  // namespace
}  // namespace reckon
