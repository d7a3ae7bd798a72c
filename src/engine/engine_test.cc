#include "engine/engine.h"

#include <gmock/gmock.h>

#include "base/asio_loop.h"

namespace reckon {
namespace {

using testing::HasSubstr;

const std::string kStories = std::string(RECKON_TEST_DATA) + "/stories260K.gguf";

EngineOptions stories() {
  return {.path = kStories, .context = 256, .kv_cells = 2048, .threads = 1, .measure_curve = false};
}

Task<std::string> greedy(Model& model, std::shared_ptr<Account> account, int tokens) {
  std::unique_ptr<Branch> branch = co_await model.open({.text = "Once upon a time"}, account);
  std::unique_ptr<Branch> child = branch->fork();
  Segment segment = co_await child->generate({.tokens = tokens}, {.temperature = 0});
  co_return segment.text;
}

TEST(Engine, TellsTheKnownStory) {
  AsioLoop loop;
  auto model = load_engine(loop, stories());
  auto account = std::make_shared<Account>();
  std::string text = loop.run(greedy(*model, account, 40));
  EXPECT_THAT(text, HasSubstr(", there was a little girl named Lily. She loved to play outside in the park."));
  loop.run(account->settled());
  EXPECT_EQ(account->usage().computed(), model->status().prompt_tokens + model->status().generated_tokens);
}

}  // namespace
}  // namespace reckon
