#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include <reckon/error.h>

#include "base/asio_loop.h"
#include "engine/engine.h"

namespace reckon {

inline const std::string kStories = std::string(RECKON_TEST_DATA) + "/stories260K.gguf";

// Tests on the 260K-parameter story model, one thread. Skipped in a build without the engine.
class StoriesTest : public testing::Test {
 protected:
  static EngineOptions options() {
    return {.path = kStories, .context = 256, .kv_cells = 4096, .threads = 1, .measure_curve = false};
  }
  void SetUp() override {
    try {
      load(options());
    } catch (const Error& error) {
      if (error.code() != Code::unsupported) throw;
      GTEST_SKIP() << error.what();
    }
  }
  void load(const EngineOptions& options) {
    model_.reset();
    model_ = load_engine(loop_, options);
  }

  // When the account is settled and the engine has let go of its branches.
  EngineStatus settled_status(Account& account) {
    loop_.run(account.settled());
    for (int i = 0; i < 10'000 && model_->status().branches > 0; ++i)
      loop_.run(sleep_for(std::chrono::milliseconds(1)));
    return model_->status();
  }
  // What was charged is what the engine counted, and nothing is held any more.
  void expect_ledger_equals_engine(Account& account) {
    EngineStatus status = settled_status(account);
    Usage usage = account.usage();
    EXPECT_EQ(usage.prompt, status.prompt_tokens);
    EXPECT_EQ(usage.selected + usage.discarded, status.generated_tokens);
    EXPECT_NEAR(usage.flops, status.flops, 1e-9 * status.flops);
    EXPECT_EQ(status.branches, 0);
    EXPECT_EQ(status.resident, 0);
    EXPECT_EQ(status.cells_used, 0);
  }

  AsioLoop loop_;
  std::unique_ptr<EngineModel> model_;
  std::shared_ptr<Account> account_ = std::make_shared<Account>();
};

inline Task<std::unique_ptr<Branch>> story(Model& model, std::shared_ptr<Account> account,
                                           std::string text = "Once upon a time") {
  Prompt prompt{.messages = {}, .text = std::move(text)};
  std::unique_ptr<Branch> branch = co_await model.open(std::move(prompt), std::move(account));
  co_return branch;
}

inline Task<Segment> greedy(Branch& branch, int tokens) {
  Until until{.tokens = tokens, .stop = {}};
  co_return co_await branch.generate(until, {.temperature = 0});
}

}  // namespace reckon
