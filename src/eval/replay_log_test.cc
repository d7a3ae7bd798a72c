#include "eval/replay_log.h"

#include <gtest/gtest.h>

#include "base/asio_loop.h"
#include "base/sim.h"
#include "engine/engine.h"
#include "eval/recordings_run.h"
#include "model/testing/simulated_model.h"
#include "strategy/catalog.h"
#include "strategy/run.h"

#include <reckon/error.h>

namespace reckon {
namespace {

// An answer in any text: the length of its first word, modulo 4; 0 is no answer.
class WordLength : public Verifier {
 public:
  std::optional<Answer> extract(const Question&, std::string_view text, bool) const override {
    size_t begin = std::min(text.find_first_not_of(" \n"), text.size());
    size_t length = std::min(text.find_first_of(" \n,.", begin), text.size()) - begin;
    if (length % 4 == 0) return std::nullopt;
    std::string value = std::to_string(length % 4);
    return Answer{value, value, begin, begin + length};
  }
  Verdict judge(const Question&, const Answer& answer, std::string_view reference) const override {
    return answer.canonical == reference ? Verdict::equal : Verdict::different;
  }
};

class Marked : public WordLength {
 public:
  std::optional<Answer> extract(const Question&, std::string_view text, bool) const override {
    size_t at = text.find("#### ");
    if (at == std::string_view::npos) return std::nullopt;
    std::string value(text.substr(at + 5));
    return Answer{value, value, at + 5, text.size()};
  }
};

void expect_same_decisions(const Recording& live) {
  // Through the file format, as another machine would see it.
  Recording read = parse_recording(to_json(live));
  Redecided again = redecide(read, *recorded_policy(read.run->strategy));
  EXPECT_EQ(again.draws, static_cast<int>(live.samples.size()));
  EXPECT_EQ(again.stop_reason, live.run->stop_reason);
  EXPECT_EQ(again.answer, live.run->answer);
  EXPECT_EQ(again.votes, live.run->votes);
  EXPECT_EQ(again.confidence, live.run->confidence);
}

const char* kStrategies[] = {"adaptive", "adaptive:rule=quality,wave=4", "adaptive:rule=voc,lambda=0.01,cap=12,wave=3",
                             "adaptive:rule=asc,threshold=0.9,cap=10,wave=8,refill=false",
                             "adaptive:rule=esc,w=3,cap=9,wave=1"};

TEST(ReplayLog, ASimulatedRunIsDecidedAgainBitForBit) {
  Marked verifier;
  for (const char* text : kStrategies)
    for (int i = 0; i < 20; ++i) {
      Sim sim;
      HashModel model;
      auto strategy = make_strategy(text);
      Question question{.id = std::to_string(i), .messages = {{"user", "question " + std::to_string(i)}}};
      RunOptions options{.seed = 5};
      auto done = sim.run(reckon::run(question, *strategy, model, verifier, options));
      expect_same_decisions(record(question, model, verifier, options, done));
    }
}

TEST(ReplayLog, ALiveRunOfARealModelIsDecidedAgainBitForBit) {
  AsioLoop loop;
  EngineOptions engine{.path = std::string(RECKON_TEST_DATA) + "/stories260K.gguf",
                       .context = 256,
                       .kv_cells = 4096,
                       .threads = 1,
                       .measure_curve = false};
  std::unique_ptr<EngineModel> model;
  try {
    model = load_engine(loop, engine);
  } catch (const Error& error) {
    if (error.code() == Code::unsupported) GTEST_SKIP() << error.what();
    throw;
  }
  WordLength verifier;
  for (const char* text : kStrategies)
    for (int i = 0; i < 3; ++i) {
      auto strategy = make_strategy(text);
      Question question{.id = std::to_string(i), .messages = {{"user", "Once upon a time " + std::to_string(i)}}};
      RunOptions options{.seed = static_cast<uint64_t>(i), .sampling = {.temperature = 1}, .until = {.tokens = 12}};
      auto done = loop.run(reckon::run(question, *strategy, *model, verifier, options));
      ASSERT_FALSE(done.outcome.samples.empty());
      expect_same_decisions(record(question, *model, verifier, options, done));
    }
}

TEST(ReplayLog, AnotherPolicyOnTheSameSamplesMayStopEarlier) {
  Recording recording;
  for (const char* answer : {"7", "7", "3", "7"})
    recording.samples.push_back({.answer = answer, .tokens = 10, .finish = Finish::stop});
  EXPECT_EQ(redecide(recording, *parse_policy("lead:m=2,cap=16")).draws, 2);
  EXPECT_EQ(redecide(recording, *parse_policy("lead:m=3,cap=16")).stop_reason, "");
  EXPECT_EQ(redecide(recording, *parse_policy("lead:m=3,cap=4")).stop_reason, "cap");
  EXPECT_THROW(recorded_policy("single"), Error);
}

}  // namespace
}  // namespace reckon
