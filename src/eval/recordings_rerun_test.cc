#include "eval/recordings_rerun.h"

#include <gmock/gmock.h>

#include "base/rng.h"
#include "eval/recordings_model.h"
#include "eval/recordings_run.h"
#include "strategy/strategy_fixture.h"

#include <reckon/error.h>

namespace reckon {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::Not;

// A live run and its line, as it comes back from the disk.
Recording recorded(Model& model, const std::string& strategy, RunOptions options, const std::string& text) {
  Sim sim;
  Question question{.id = "q", .messages = {{"user", text}}, .reference = "4"};
  Verbatim verifier;
  RecordingModel recorder(model);
  Run result = sim.run(run(question, *make_strategy(strategy), recorder, verifier, options));
  return parse_recording(to_json(record(question, recorder, verifier, options, result)));
}

TEST(Rerun, ALoggedRunTakesTheSameDecisionsToTheLastBit) {
  for (const char* strategy :
       {"adaptive:rule=lead,m=2,cap=16,wave=4", "adaptive:rule=lead,m=2,cap=16,wave=3,refill=false",
        "adaptive:rule=asc,threshold=0.95,cap=12,wave=2", "self-consistency:samples=9",
        "self-consistency:samples=6,early_stop=false", "single"}) {
    int cancelled = 0;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      HashModel model;
      Recording log = recorded(model, strategy, {.seed = seed}, "question " + std::to_string(seed % 7));
      EXPECT_THAT(rerun(log, Verbatim()), IsEmpty()) << strategy << " seed " << seed;
      EXPECT_EQ(log.samples.size() + log.run->cancelled.size(), static_cast<size_t>(log.run->started));
      cancelled += static_cast<int>(log.run->cancelled.size());
    }
    bool waits =
        std::string(strategy).find("early_stop=false") != std::string::npos || std::string(strategy) == "single";
    EXPECT_EQ(cancelled > 0, !waits) << strategy;
  }
}

TEST(Rerun, CancelledSamplesKeepWhatWasComputedOfThem) {
  ScriptedModel model;
  model.on("2+2?", {{"it is 4", 100ms}, {"5", 900ms, 9}, {"well 4", 200ms}});
  Recording log = recorded(model, "self-consistency:samples=3", {}, "2+2?");
  ASSERT_EQ(log.run->cancelled.size(), 1);
  EXPECT_EQ(log.run->cancelled[0].seed, derive(0, 1));
  EXPECT_GE(log.run->cancelled[0].tokens, 2);
  EXPECT_LT(log.run->cancelled[0].tokens, 9);
  EXPECT_THAT(rerun(log, Verbatim()), IsEmpty());
}

TEST(Rerun, ATamperedLogIsNoticed) {
  HashModel model;
  Recording log = recorded(model, "adaptive:rule=lead,m=2,cap=16,wave=2", {.seed = 5}, "question 1");
  ASSERT_GE(log.samples.size(), 2);
  Recording other = log;
  other.run->confidence += 1e-16 + other.run->confidence * 1e-15;
  EXPECT_THAT(rerun(other, Verbatim()), Not(IsEmpty()));
  other = log;
  *other.run->difficulty += 0.1;
  EXPECT_THAT(rerun(other, Verbatim()), Not(IsEmpty()));
  other = log;
  other.samples.back().text = "something 123456";
  EXPECT_THAT(rerun(other, Verbatim()), Not(IsEmpty()));
  other = log;
  other.samples.front().tokens += 1;
  other.run->started += 1;
  EXPECT_THAT(rerun(other, Verbatim()), Not(IsEmpty()));
}

TEST(Rerun, WhatWasEndedFromOutsideOrImportedIsRefused) {
  HashModel model;
  Recording log = recorded(model, "self-consistency:samples=8", {.budget = {.samples = 2}}, "question 1");
  EXPECT_THROW(rerun(log, Verbatim()), Error);
  log = recorded(model, "single", {}, "question 1");
  EXPECT_TRUE(log.run->difficulty);
  log.run->stop_reason = kJoined;
  EXPECT_THROW(rerun(log, Verbatim()), Error);
  log.run.reset();
  EXPECT_THROW(rerun(log, Verbatim()), Error);
}

}  // namespace
}  // namespace reckon
