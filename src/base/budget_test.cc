#include <reckon/budget.h>
#include <reckon/error.h>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/sim.h"

namespace reckon {
namespace {

using namespace std::chrono_literals;

TEST(Budget, ParsesWhatItPrints) {
  Budget budget = parse_budget("tokens=2000,seconds=1.5");
  EXPECT_EQ(budget.tokens, 2000);
  EXPECT_EQ(budget.seconds, 1.5);
  EXPECT_EQ(to_string(parse_budget(to_string(budget))), to_string(budget));
  EXPECT_EQ(to_string(parse_budget("")), "");
}

TEST(Budget, NamesTheBadPart) {
  for (const char* bad :
       {"tokens", "tokens=", "tokens=-1", "tokens=1e99", "tokens=nan", "token=5", "tokens=5,tokens=6", "=5"})
    EXPECT_THROW(parse_budget(bad), Error) << bad;
  try {
    parse_budget("token=5");
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean tokens?"), std::string::npos) << error.what();
  }
}

TEST(Account, SplitsTokensByWhatBecameOfThem) {
  Account account;
  int trunk = account.open(Role::sample), a = account.open(Role::sample), b = account.open(Role::sample);
  int judge = account.open(Role::verifier);
  ASSERT_TRUE(account.charge(trunk, {.prompt = 100}));
  account.cached(a, 100);
  account.cached(b, 100);
  ASSERT_TRUE(account.charge(a, {.generated = 30, .flops = 3}));
  ASSERT_TRUE(account.charge(b, {.generated = 20, .flops = 2}));
  ASSERT_TRUE(account.charge(judge, {.prompt = 7, .generated = 1}));
  account.select(b);
  Usage usage = account.usage();
  EXPECT_EQ(usage.prompt, 100);
  EXPECT_EQ(usage.cached, 200);
  EXPECT_EQ(usage.selected, 20);
  EXPECT_EQ(usage.discarded, 30);
  EXPECT_EQ(usage.verifier, 8);
  EXPECT_EQ(usage.computed(), 158);
  EXPECT_EQ(usage.flops, 5);
}

TEST(Account, RefusesWhatWouldPassACeilingAndReservesNothing) {
  Account account({.tokens = 10});
  int line = account.open(Role::sample);
  EXPECT_TRUE(account.reserve(line, {.generated = 6}));
  EXPECT_FALSE(account.reserve(line, {.generated = 5}));
  EXPECT_EQ(account.halted(), Halt::tokens);
  EXPECT_EQ(account.tokens_left(), 4);
  account.settle(line, {.generated = 6}, {.generated = 2});
  EXPECT_EQ(account.tokens_left(), 8);
  EXPECT_TRUE(account.charge(line, {.generated = 8}));
  EXPECT_EQ(account.usage().computed(), 10);
}

TEST(Account, TimeIsACeilingOnTheInjectedClock) {
  Loop::Time now{};
  Account account({.seconds = 2}, [&] { return now; });
  int line = account.open(Role::sample);
  EXPECT_TRUE(account.charge(line, {.generated = 1}));
  now += 2s;
  EXPECT_FALSE(account.charge(line, {.generated = 1}));
  EXPECT_FALSE(account.reserve_sample());
  EXPECT_EQ(account.halted(), Halt::seconds);
}

TEST(Account, TimeIsUpAlsoWhereAnotherCeilingWasHitFirst) {
  Loop::Time now{};
  Account account({.tokens = 1, .seconds = 2}, [&] { return now; });
  EXPECT_FALSE(account.charge(account.open(Role::sample), {.generated = 2}));
  EXPECT_EQ(account.halted(), Halt::tokens);
  EXPECT_FALSE(account.out_of_time());
  now += 2s;
  EXPECT_TRUE(account.out_of_time());
  Account cancelled;
  cancelled.halt(Halt::cancelled);
  EXPECT_TRUE(cancelled.out_of_time());
}

// Reserve-then-settle over 100,000 random runs: no ceiling is passed by one token, and what is charged is what was
// done.
TEST(Account, BudgetsAreNeverExceededOverRandomRuns) {
  for (uint64_t seed = 0; seed < 100'000; ++seed) {
    Rng rng(seed);
    Budget budget;
    if (rng.below(3) > 0) budget.tokens = static_cast<int64_t>(rng.below(60));
    if (rng.below(3) > 0) budget.samples = static_cast<int64_t>(rng.below(5));
    if (rng.below(3) > 0) budget.flops = static_cast<double>(rng.below(100));
    Account account(budget);
    int64_t done_tokens = 0, samples = 0;
    double done_flops = 0;
    std::vector<std::pair<int, Account::Work>> open;
    for (int step = 0; step < 20; ++step) {
      if (open.empty() || rng.below(2)) {
        if (!account.reserve_sample()) continue;
        ++samples;
        Account::Work work{static_cast<int64_t>(rng.below(8)), static_cast<int64_t>(rng.below(8)),
                           static_cast<double>(rng.below(10))};
        int line = account.open(Role::sample);
        if (account.reserve(line, work)) open.emplace_back(line, work);
        else account.close(line);
      } else {
        auto [line, work] = open.back();
        open.pop_back();
        Account::Work done{work.prompt, static_cast<int64_t>(rng.below(static_cast<uint64_t>(work.generated) + 1)),
                           work.flops / 2};
        account.settle(line, work, done);
        account.close(line);
        done_tokens += done.prompt + done.generated;
        done_flops += done.flops;
      }
    }
    ASSERT_EQ(account.usage().computed(), done_tokens);
    ASSERT_EQ(account.usage().flops, done_flops);
    ASSERT_EQ(account.lines_open(), static_cast<int>(open.size()));
    if (budget.tokens) ASSERT_LE(done_tokens, *budget.tokens);
    if (budget.samples) ASSERT_LE(samples, *budget.samples);
    if (budget.flops) ASSERT_LE(done_flops, *budget.flops);
  }
}

TEST(Account, SettledWaitsForEveryLine) {
  Sim sim;
  Account account;
  int line = account.open(Role::sample);
  Task<void> settled = account.settled();
  Wakeup finished([](void*) noexcept {}, nullptr);
  settled.start(sim, finished);
  sim.finish();
  EXPECT_FALSE(settled.done());
  account.close(line);
  account.close(line);
  sim.finish();
  EXPECT_TRUE(settled.done());
  EXPECT_FALSE(account.charge(line, {.generated = 1}));
}

}  // namespace
}  // namespace reckon
