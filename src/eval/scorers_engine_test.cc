#ifdef RECKON_ENGINE_TESTS
#include <gtest/gtest.h>

#include "base/asio_loop.h"
#include "engine/engine.h"
#include "eval/recordings_run.h"
#include "strategy/catalog.h"

namespace reckon {
namespace {

class WholeText : public Verifier {
 public:
  std::optional<Answer> extract(const Question&, std::string_view text, bool) const override {
    return Answer{std::string(text), std::string(text), 0, text.size()};
  }
  Verdict judge(const Question&, const Answer&, std::string_view) const override { return Verdict::undecided; }
};

TEST(ScorersOnTheEngine, EverySampleGetsARepeatableScoreThatIsChargedAndRecorded) {
  AsioLoop loop;
  std::unique_ptr<Model> engine = load_engine(loop, {.path = std::string(RECKON_TEST_DATA) + "/stories260K.gguf",
                                                     .context = 512,
                                                     .threads = 1,
                                                     .max_branches = 8,
                                                     .measure_curve = false});
  WholeText verifier;
  Question question{.id = "q", .messages = {{"user", "Once upon a time"}}};
  for (const char* scorer : {"p-true", "judge"}) {
    auto strategy = make_strategy(std::string("best-of-n:samples=6,discrimination=0.6,scorer=") + scorer);
    RunOptions how{.seed = 3, .sampling = {.temperature = 1}, .until = {.tokens = 16}};
    auto first = loop.run(run(question, *strategy, *engine, verifier, how));
    auto again = loop.run(run(question, *strategy, *engine, verifier, how));
    EXPECT_GT(first.receipt.usage.verifier, 6 * 10) << scorer;
    EXPECT_EQ(first.receipt.usage.selected + first.receipt.usage.discarded, 6 * 16);
    EXPECT_EQ(again.outcome.text, first.outcome.text);
    Recording log = parse_recording(to_json(record(question, *engine, verifier, how, first)));
    ASSERT_EQ(log.samples.size(), 6u);
    for (const RecordedSample& sample : log.samples) {
      ASSERT_TRUE(sample.score) << scorer;
      EXPECT_GT(*sample.score, 0);
      EXPECT_LT(*sample.score, 1);
    }
  }
}

}  // namespace
}  // namespace reckon
#endif
