#ifdef RECKON_ENGINE_TESTS
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/asio_loop.h"
#include "engine/engine.h"
#include "eval/recordings_model.h"
#include "eval/recordings_rerun.h"
#include "eval/recordings_run.h"
#include "policy/votes.h"
#include "strategy/catalog.h"

namespace reckon {
namespace {

// A vote on the first letter, so that a model of 260,000 parameters agrees with itself now and then.
class FirstLetter : public Verifier {
 public:
  std::optional<Answer> extract(const Question&, std::string_view text, bool) const override {
    size_t at = text.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (at == std::string_view::npos) return std::nullopt;
    return Answer{std::string(1, text[at]), std::string(1, text[at]), at, at + 1};
  }
  Verdict judge(const Question&, const Answer& answer, std::string_view reference) const override {
    return answer.canonical == reference ? Verdict::equal : Verdict::different;
  }
};

std::unique_ptr<Model> stories(Loop& loop) {
  return load_engine(loop, {.path = std::string(RECKON_TEST_DATA) + "/stories260K.gguf",
                            .context = 128,
                            .threads = 1,
                            .max_branches = 16,
                            .measure_curve = false});
}

// The vote and the policy object that replay uses, fed with the log: "more" after every sample but the last, the same
// answer, and the confidence to the last bit.
void expect_same_decisions(const Recording& log, const std::string& rule) {
  std::unique_ptr<Policy> policy = parse_policy(rule);
  Votes votes;
  for (const RecordedSample& sample : log.samples) {
    votes.add(sample.answer.value_or(""), sample.tokens, sample.answer_logprob);
    bool last = &sample == &log.samples.back();
    const VoteState& s = votes.state();
    bool settled = s.v1 - s.v2 > policy->cap() - s.n;  // live runs also stop when the rest cannot change the winner
    EXPECT_EQ(settled || policy->decide(s).kind == Decision::Kind::stop, last);
  }
  EXPECT_EQ(votes.vote(), log.run->answer);
  EXPECT_EQ(policy->decide(votes.state()).confidence, log.run->confidence);
}

TEST(Record, KeepsTheLogProbabilityOfTheAnswersTokens) {
  AsioLoop loop;
  std::unique_ptr<Model> engine = stories(loop);
  FirstLetter verifier;
  Question question{.id = "q", .messages = {{"user", "Once upon a time"}}, .reference = "T"};
  RunOptions how{.seed = 1, .sampling = {.temperature = 1.5}, .until = {.tokens = 24}};
  RecordingModel recorder(*engine);
  auto live = loop.run(run(question, *make_strategy("self-consistency:samples=7"), recorder, verifier, how));
  Recording log = record(question, recorder, verifier, how, live);
  int told = 0;
  for (size_t i = 0; i < log.samples.size(); ++i) {
    const Sample& sample = live.outcome.samples[i];
    ASSERT_EQ(log.samples[i].answer_logprob.has_value(), sample.answer.has_value());
    if (!sample.answer) continue;
    // The one token in which the letter stands.
    size_t at = 0;
    auto holds = [&](const DrawnToken& token) { return (at += token.drawn.bytes.size()) > sample.answer->begin; };
    EXPECT_EQ(*log.samples[i].answer_logprob, std::ranges::find_if(sample.drawn, holds)->drawn.logprob);
    ++told;
  }
  EXPECT_GT(told, 0);
}

TEST(Rerun, ALiveRunOfTheEngineTakesTheSameDecisionsAgain) {
  AsioLoop loop;
  std::unique_ptr<Model> engine = stories(loop);
  FirstLetter verifier;
  int cancelled = 0, decided = 0;
  for (const char* strategy : {"adaptive:rule=lead,m=2,cap=12,wave=4", "self-consistency:samples=7"})
    for (uint64_t seed = 0; seed < 4; ++seed) {
      Question question{.id = "q", .messages = {{"user", "Once upon a time"}}, .reference = "T"};
      RunOptions how{.seed = seed, .sampling = {.temperature = 1.5}, .until = {.tokens = 24}};
      RecordingModel recorder(*engine);
      auto live = loop.run(run(question, *make_strategy(strategy), recorder, verifier, how));
      Recording log = parse_recording(to_json(record(question, recorder, verifier, how, live)));
      EXPECT_THAT(rerun(log, verifier), testing::IsEmpty()) << strategy << " seed " << seed;
      cancelled += static_cast<int>(log.run->cancelled.size());
      if (log.run->strategy.starts_with("adaptive")) expect_same_decisions(log, "lead:m=2,cap=12");
      decided += log.run->stop_reason == "decided";
    }
  EXPECT_GT(decided, 0);
  EXPECT_GT(cancelled, 0);
}

}  // namespace
}  // namespace reckon
#endif
