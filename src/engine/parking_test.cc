#include <gmock/gmock.h>

#include "base/rng.h"
#include "engine/stories_fixture.h"

namespace reckon {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Parking : public StoriesTest {};

Task<std::vector<std::string>> tell(Model& model, std::shared_ptr<Account> account, int branches, int tokens) {
  static const char* const kBeginnings[] = {"Once upon a time", "Tom and Lily", "The big dog", "One day, a bird"};
  std::vector<std::unique_ptr<Branch>> trunks, live;
  for (const char* beginning : kBeginnings) trunks.push_back(co_await story(model, account, beginning));
  std::vector<Task<Segment>> tasks;
  for (int i = 0; i < branches; ++i) {
    live.push_back(trunks[static_cast<size_t>(i) % 4]->fork());
    tasks.push_back(greedy(*live.back(), tokens));
  }
  std::vector<Segment> segments = co_await all(std::move(tasks));
  std::vector<std::string> texts;
  for (Segment& segment : segments) texts.push_back(std::move(segment.text));
  co_return texts;
}

TEST_F(Parking, ParkedAndResumedBranchesTellTheSameStories) {
  std::vector<std::string> roomy = loop_.run(tell(*model_, account_, 12, 60));
  EXPECT_EQ(model_->status().parked, 0);
  EngineOptions tight = options();
  tight.context = 128;
  tight.kv_cells = 256;  // 12 branches of 60 tokens need about 730
  load(tight);
  auto account = std::make_shared<Account>();
  std::vector<std::string> texts = loop_.run(tell(*model_, account, 12, 60));
  EXPECT_EQ(texts, roomy);
  EXPECT_GT(model_->status().parked, 0);
  EXPECT_GT(model_->status().recomputed_tokens, 0);
  expect_ledger_equals_engine(*account);
  EXPECT_THAT(account->notes(), Contains(HasSubstr("parked")));
}

TEST_F(Parking, MoreBranchesThanTheEngineHasNumbersForAllFinish) {
  EngineOptions wide = options();
  wide.kv_cells = 8192;
  load(wide);
  std::vector<std::string> texts = loop_.run(tell(*model_, account_, 300, 10));
  ASSERT_EQ(texts.size(), 300u);
  for (size_t i = 4; i < texts.size(); ++i) EXPECT_EQ(texts[i], texts[i % 4]);
  expect_ledger_equals_engine(*account_);
}

TEST_F(Parking, OneCellMoreThanOneBranchIsEnough) {
  EngineOptions tight = options();
  tight.context = 256;
  tight.kv_cells = 256;
  load(tight);
  std::vector<std::string> texts = loop_.run(tell(*model_, account_, 4, 0));
  for (const std::string& text : texts) EXPECT_GT(text.size(), 200u);
  expect_ledger_equals_engine(*account_);
}

TEST_F(Parking, FewNumbersAndManyBranches) {
  EngineOptions narrow = options();
  narrow.max_branches = 3;
  load(narrow);
  std::vector<std::string> texts = loop_.run(tell(*model_, account_, 10, 20));
  for (size_t i = 4; i < texts.size(); ++i) EXPECT_EQ(texts[i], texts[i % 4]);
  expect_ledger_equals_engine(*account_);
}

// One strategy gone mad: generates, forks, scores, appends, goes back, and drops tasks and branches half-way.
Task<int> mad(Model& model, std::shared_ptr<Account> account, uint64_t seed) {
  Rng rng(seed);
  int done = 0;
  for (int round = 0; round < 2; ++round) {
    std::vector<std::unique_ptr<Branch>> branches;
    try {
      branches.push_back(co_await story(model, account, rng.below(2) ? "The cat" : "Once upon a time there was"));
      for (int i = 0; i < 12; ++i) {
        Branch& branch = *branches[rng.below(branches.size())];
        std::chrono::microseconds limit(rng.below(4000));
        Until until{.tokens = static_cast<int>(rng.below(40)), .stop = {}};
        switch (rng.below(7)) {
          case 0:
          case 1: branches.push_back(branch.fork(rng.below(4) ? Role::sample : Role::probe)); break;
          case 2: co_await branch.generate(until, {.temperature = 1, .seed = seed}); break;
          case 3: co_await within(limit, branch.generate(until, {.temperature = 1, .seed = seed})); break;
          case 4: co_await within(limit, branch.logprob(" and they were happy")); break;
          case 5:
            if (branch.mark().tokens < 100) co_await branch.append(" Then");
            break;
          case 6:
            if (branch.mark().tokens > 4) branch.truncate({2 + static_cast<int>(rng.below(3))});
            break;
        }
        ++done;
      }
    } catch (const Error& error) {
      if (error.code() != Code::budget_exhausted && error.code() != Code::invalid_request) throw;
    }
  }
  co_return done;
}

TEST_F(Parking, WhateverIsCancelledWhatWasComputedIsCharged) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    EngineOptions some = options();
    some.context = 128;
    some.kv_cells = seed % 2 ? 256 : 2048;
    load(some);
    auto account = std::make_shared<Account>(seed == 3 ? Budget{.tokens = 500} : Budget{});
    std::vector<Task<int>> tasks;
    for (uint64_t i = 0; i < 8; ++i) tasks.push_back(mad(*model_, account, derive(seed, i)));
    loop_.run(all(std::move(tasks)));
    EngineStatus status = settled_status(*account);
    EXPECT_EQ(account->usage().computed(), status.prompt_tokens + status.generated_tokens);
    EXPECT_LE(account->usage().computed(), seed == 3 ? 500 : 1 << 30);
    EXPECT_EQ(status.cells_used, 0);
    EXPECT_EQ(status.branches, 0);
  }
}

}  // namespace
}  // namespace reckon
