#include "engine/engine.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "engine/stories_fixture.h"

namespace reckon {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr int kEndOfStory = 2;  // the token

class Engine : public StoriesTest {
 protected:
  template <class Fn>
  Code code_of(Fn fn) {
    try {
      fn();
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return Code::internal;
  }
};

TEST_F(Engine, TellsTheKnownStory) {
  auto branch = loop_.run(story(*model_, account_));
  Segment segment = loop_.run(greedy(*branch, 60));
  EXPECT_THAT(
      segment.text,
      StartsWith(", there was a little girl named Lily. She loved to play outside in the park. One day, she saw "
                 "a big, red ball."));
  EXPECT_EQ(segment.tokens, 60);
  EXPECT_EQ(segment.finish, Finish::length);
  EXPECT_EQ(segment.token_ids.size(), 60u);
  EXPECT_EQ(segment.logprobs.tokens, 60);
  EXPECT_LT(segment.logprobs.sum, 0);
  EXPECT_EQ(segment.trace.size(), 1u);
  branch.reset();
  expect_ledger_equals_engine(*account_);
}

TEST_F(Engine, AStepIsCountedWhenItsResultIsThere) {
  auto branch = loop_.run(story(*model_, account_));
  EXPECT_EQ(model_->status().steps, 1);
  int64_t first = model_->status().last_step_ms;
  EXPECT_GT(first, 0);
  loop_.run(greedy(*branch, 3));  // the first token is drawn from what the prompt's step gave
  EXPECT_EQ(model_->status().steps, 3);
  EXPECT_GE(model_->status().last_step_ms, first);
}

TEST_F(Engine, WhatWasLeftIsCountedWhenTheEngineHasSettled) {
  for (int i = 1; i <= 20; ++i) {
    auto branch = loop_.run(story(*model_, account_));
    (void)loop_.run(within(std::chrono::microseconds(50 * i), greedy(*branch, 200)));  // mostly left
    branch.reset();
    loop_.run(model_->settled());
    EngineStatus status = model_->status();
    EXPECT_EQ(status.branches, 0);
    EXPECT_EQ(account_->usage().computed(), status.prompt_tokens + status.generated_tokens);
  }
}

TEST_F(Engine, AForkContinuesLikeASeparatePrefillAndSharesItsCells) {
  auto trunk = loop_.run(story(*model_, account_));
  auto apart = loop_.run(story(*model_, account_));
  int cells = model_->status().cells_used;
  auto fork = trunk->fork();
  double by_fork = loop_.run(fork->logprob(", there was a little girl"));
  EXPECT_EQ(model_->status().cells_used, cells);
  EXPECT_NEAR(by_fork, loop_.run(apart->logprob(", there was a little girl")), 1e-3);
  Segment a = loop_.run(greedy(*fork, 40)), b = loop_.run(greedy(*apart, 40));
  EXPECT_EQ(a.text, b.text);
  EXPECT_NEAR(a.logprobs.sum, b.logprobs.sum, 1e-2);
  EXPECT_EQ(account_->usage().cached, trunk->mark().tokens);
  trunk.reset(), apart.reset(), fork.reset();
  expect_ledger_equals_engine(*account_);
}

TEST_F(Engine, MixedQuestionsAreScoredAsAlone) {
  std::unique_ptr<Branch> alone = loop_.run(story(*model_, account_, "Once upon a time there was a"));
  double expected = loop_.run(alone->logprob(" little girl"));
  alone.reset();
  EngineOptions mixed = options();
  mixed.mixed = true;
  load(mixed);
  std::unique_ptr<Branch> other = loop_.run(story(*model_, account_, "The dog saw a red ball"));
  std::unique_ptr<Branch> one = loop_.run(story(*model_, account_, "Once upon a time there was a"));
  EXPECT_NEAR(loop_.run(one->fork()->logprob(" little girl")), expected, 1e-3);
}

TEST_F(Engine, TruncateGoesBackToAMark) {
  auto branch = loop_.run(story(*model_, account_));
  Branch::Mark mark = branch->mark();
  Segment first = loop_.run(greedy(*branch, 30));
  EXPECT_EQ(branch->mark().tokens, mark.tokens + 30);
  branch->truncate(mark);
  EXPECT_EQ(branch->mark().tokens, mark.tokens);
  EXPECT_EQ(loop_.run(greedy(*branch, 30)).text, first.text);
  EXPECT_EQ(code_of([&] { branch->truncate({1000}); }), Code::invalid_request);
  branch.reset();
  expect_ledger_equals_engine(*account_);
}

TEST_F(Engine, PiecesOfGenerationAreOneText) {
  auto branch = loop_.run(story(*model_, account_));
  auto other = branch->fork();
  std::string pieces;
  for (int i = 0; i < 5; ++i) pieces += loop_.run(greedy(*branch, 8)).text;
  EXPECT_EQ(pieces, loop_.run(greedy(*other, 40)).text);
  // Also where it is drawn: the counter of the branch's randomness is its length.
  Until eight{.tokens = 8, .stop = {}}, sixteen{.tokens = 16, .stop = {}};
  auto left = other->fork(), right = other->fork();
  std::string halves =
      loop_.run(left->generate(eight, {.seed = 7})).text + loop_.run(left->generate(eight, {.seed = 7})).text;
  EXPECT_EQ(halves, loop_.run(right->generate(sixteen, {.seed = 7})).text);
}

TEST_F(Engine, AppendForcesTokensAndChargesThemAsPrompt) {
  auto branch = loop_.run(story(*model_, account_));
  loop_.run(greedy(*branch, 5));
  int64_t before = account_->usage().prompt;
  int length = branch->mark().tokens;
  loop_.run(branch->append(" Tom was sad."));
  EXPECT_EQ(account_->usage().prompt - before, branch->mark().tokens - length);
  EXPECT_FALSE(loop_.run(greedy(*branch, 10)).text.empty());
  branch.reset();
  expect_ledger_equals_engine(*account_);
}

TEST_F(Engine, ScoringLeavesTheBranchAsItWas) {
  auto branch = loop_.run(story(*model_, account_));
  auto other = branch->fork(Role::probe);
  double likely = loop_.run(branch->logprob(", there was"));
  double unlikely = loop_.run(branch->logprob("qqq zz jj"));
  EXPECT_GT(likely, unlikely);
  EXPECT_DOUBLE_EQ(likely, loop_.run(branch->logprob(", there was")));
  EXPECT_EQ(loop_.run(greedy(*branch, 20)).text, loop_.run(greedy(*other, 20)).text);
  loop_.run(other->logprob(" and"));  // with a drawn token not yet computed
  int64_t probe = account_->usage().probe;
  EXPECT_GT(probe, 0);
  EXPECT_EQ(account_->usage().computed(), model_->status().prompt_tokens + model_->status().generated_tokens);
}

TEST_F(Engine, ScoreOfGeneratedTextIsTheSumOfItsLogprobs) {
  auto branch = loop_.run(story(*model_, account_));
  auto other = branch->fork();
  Segment segment = loop_.run(greedy(*branch, 12));
  double score = loop_.run(other->logprob(segment.text));
  EXPECT_NEAR(score, segment.logprobs.sum, 1e-2);
}

TEST_F(Engine, StopStringsEndAcrossTokensAndStreamingShowsTheSameText) {
  auto branch = loop_.run(story(*model_, account_));
  std::string streamed;
  Until until{.tokens = 100, .stop = {"in the park. One"}};
  Segment segment =
      loop_.run(branch->generate(until, {.temperature = 0}, {[&](std::string_view piece) { streamed += piece; }}));
  EXPECT_EQ(segment.finish, Finish::stop_string);
  EXPECT_EQ(segment.text, ", there was a little girl named Lily. She loved to play outside ");
  EXPECT_EQ(streamed, segment.text);
}

TEST_F(Engine, ContextOverflowIsALength) {
  EngineOptions small = options();
  small.context = 40;
  load(small);
  auto branch = loop_.run(story(*model_, account_));
  Segment segment = loop_.run(greedy(*branch, 0));
  EXPECT_EQ(segment.finish, Finish::length);
  EXPECT_EQ(branch->mark().tokens, 40);
  EXPECT_EQ(loop_.run(greedy(*branch, 5)).tokens, 0);
  EXPECT_EQ(code_of([&] { loop_.run(branch->append("more")); }), Code::invalid_request);
  std::string longer;
  for (int i = 0; i < 100; ++i) longer += "word ";
  EXPECT_EQ(code_of([&] { loop_.run(story(*model_, account_, longer)); }), Code::invalid_request);
  branch.reset();
  expect_ledger_equals_engine(*account_);
}

TEST_F(Engine, BudgetsAreNeverPassedByOneToken) {
  for (int64_t tokens : {1, 4, 5, 6, 17, 40}) {
    auto account = std::make_shared<Account>(Budget{.tokens = tokens});
    try {
      auto branch = loop_.run(story(*model_, account));
      auto child = branch->fork();
      std::vector<Task<Segment>> both;
      both.push_back(greedy(*branch, 100));  // more than the budget has, for one of them alone
      both.push_back(greedy(*child, 100));
      for (const Segment& segment : loop_.run(all(std::move(both)))) EXPECT_EQ(segment.finish, Finish::budget);
      EXPECT_EQ(account->usage().computed(), tokens);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::budget_exhausted);
      EXPECT_EQ(account->usage().computed(), 0) << "a prompt that cannot be paid for is not begun";
    }
    loop_.run(account->settled());
    EXPECT_LE(account->usage().computed(), tokens);
  }
}

TEST_F(Engine, ADroppedTaskLeavesTheBranchAsItWas) {
  auto branch = loop_.run(story(*model_, account_));
  auto other = branch->fork();
  for (int i = 0; i < 5; ++i) {
    auto segment = loop_.run(within(std::chrono::milliseconds(i), greedy(*branch, 200)));
    if (segment) branch->truncate(other->mark());
  }
  EXPECT_EQ(branch->mark().tokens, other->mark().tokens);
  EXPECT_EQ(loop_.run(greedy(*branch, 30)).text, loop_.run(greedy(*other, 30)).text);
  branch.reset(), other.reset();
  expect_ledger_equals_engine(*account_);
}

Task<bool> opened(Model& model, std::shared_ptr<Account> account, std::string text) {
  std::unique_ptr<Branch> branch = co_await story(model, std::move(account), std::move(text));
  co_return true;
}

TEST_F(Engine, APromptThatIsLeftWhileItIsComputedIsCharged) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "word ";
  for (int i = 0; i < 20; ++i)
    (void)loop_.run(within(std::chrono::microseconds(100 * i), opened(*model_, account_, text)));
  expect_ledger_equals_engine(*account_);
}

TEST_F(Engine, WhoDoesNotWatchLiveIsShownTheFirstPieceAndTheRestAtTheEnd) {
  auto branch = loop_.run(story(*model_, account_));
  std::vector<std::string> pieces;
  TextSink sink{[&](std::string_view piece) { pieces.emplace_back(piece); }, false};
  Segment segment = loop_.run(branch->generate({.tokens = 30, .stop = {}}, {.temperature = 0}, sink));
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0], ",");
  EXPECT_EQ(pieces[0] + pieces[1], segment.text);
}

TEST_F(Engine, ClosingTheModelEndsWhatRuns) {
  auto branch = loop_.run(story(*model_, account_));
  std::vector<std::unique_ptr<Branch>> branches;
  std::vector<Task<Segment>> tasks;  // long ones: the first piece is seen here before the engine has ended any
  for (int i = 0; i < 8; ++i) {
    branches.push_back(branch->fork());
    tasks.push_back(branches.back()->generate({.tokens = 0, .stop = {}},
                                              {.temperature = 0, .logit_bias = {{kEndOfStory, -100}}},
                                              {[this](std::string_view) { model_.reset(); }}));
  }
  EXPECT_EQ(code_of([&] { loop_.run(all(std::move(tasks))); }), Code::cancelled);
  branches.clear();
  EXPECT_EQ(code_of([&] { loop_.run(greedy(*branch, 5)); }), Code::model_unavailable);
  EXPECT_EQ(code_of([&] { loop_.run(branch->append("more")); }), Code::model_unavailable);
  branch.reset();
  loop_.run(account_->settled());
}

TEST_F(Engine, AStreamMayDropItsOwnTask) {
  auto branch = loop_.run(story(*model_, account_));
  std::optional<Task<Segment>> task;
  Until until{.tokens = 0, .stop = {}};
  std::string seen;  // also read after the drop: the sink must live on while it runs
  task.emplace(
      branch->generate(until, {.temperature = 0}, {[&task, &seen, mark = std::string(100, 'x')](std::string_view) {
                         task.reset();
                         seen = mark;
                       }}));
  Wakeup nobody([](void*) noexcept {}, nullptr);
  task->start(loop_, nobody);
  loop_.run_until([&] { return !seen.empty(); });
  EXPECT_EQ(seen.size(), 100u);
  branch.reset();
  expect_ledger_equals_engine(*account_);
}

TEST_F(Engine, TextThatIsNoTextIsRefused) {
  EXPECT_EQ(code_of([&] { loop_.run(story(*model_, account_, std::string("a\0b", 3))); }), Code::invalid_request);
  EXPECT_EQ(code_of([&] { loop_.run(story(*model_, account_, "a\xFF")); }), Code::invalid_request);
  auto branch = loop_.run(story(*model_, account_));
  EXPECT_EQ(code_of([&] { loop_.run(branch->append("\xC0\x80")); }), Code::invalid_request);
}

TEST_F(Engine, ControlTokensSpelledByAUserStayText) {
  Prompt plain{.messages = {{"user", "a b"}}, .text = {}}, spelled{.messages = {{"user", "a</s>b"}}, .text = {}};
  Prompt raw{.messages = {}, .text = "a</s>b"};
  EXPECT_GT(model_->count_tokens(spelled), model_->count_tokens(plain) + 2);
  EXPECT_EQ(model_->count_tokens(raw), 4) << "raw text is the caller's own template: BOS, a, the token, b";
}

TEST_F(Engine, TheSameSeedDrawsTheSameText) {
  auto trunk = loop_.run(story(*model_, account_));
  Until until{.tokens = 20, .stop = {}};
  std::string text[3];
  for (int i = 0; i < 3; ++i) {
    auto branch = trunk->fork();
    text[i] = loop_.run(branch->generate(until, {.temperature = 1, .seed = i == 2 ? 2u : 1u})).text;
  }
  EXPECT_EQ(text[0], text[1]);
  EXPECT_NE(text[0], text[2]);
}

TEST_F(Engine, MeasuresWhatAStepCostsByBranches) {
  EngineOptions measured = options();
  measured.measure_curve = true;
  measured.cache_dir = testing::TempDir() + "reckon-curve";
  std::filesystem::remove_all(measured.cache_dir);
  load(measured);
  std::vector<BatchCost> first = model_->capabilities().batch_cost;
  ASSERT_EQ(first.size(), 6u);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(first[i].branches, 1 << i);
  EXPECT_GT(first[5].seconds, 0);
  auto branch = loop_.run(story(*model_, account_));
  EXPECT_THAT(loop_.run(greedy(*branch, 20)).text, HasSubstr("little girl")) << "measuring leaves nothing behind";
}

}  // namespace
}  // namespace reckon
