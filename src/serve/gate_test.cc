#include "serve/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/sim.h"
#include "serve/quota.h"
#include "serve/refusal.h"

namespace reckon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class GateTest : public testing::Test {
 protected:
  // Holds its place for a second; writes down when it came in ("key") or why it did not ("key: message").
  static Task<int> request(Gate& gate, std::vector<std::string>& order, Entrant entrant) {
    std::string key = entrant.key;
    try {
      Gate::Pass pass = co_await gate.enter(std::move(entrant));
      order.push_back(key);
      co_await sleep_for(1s);
    } catch (const Error& error) {
      order.push_back(key + ": " + error.what());
    }
    co_return 0;
  }
  void ask(Gate& gate, Entrant entrant) { tasks.push_back(request(gate, order, std::move(entrant))); }
  void run() { sim.run(all(std::move(tasks))); }
  Sim sim;
  std::vector<Task<int>> tasks;
  std::vector<std::string> order;
};

TEST_F(GateTest, AKeyThatFloodsDoesNotDelayTheOthers) {
  ServeLimits limits{.active = 1};
  Gate gate(limits, 0);
  for (int i = 0; i < 5; ++i) ask(gate, {.key = "flood", .tokens = 100});
  for (int i = 0; i < 2; ++i) ask(gate, {.key = "b", .tokens = 100});
  run();
  EXPECT_THAT(order, ElementsAre("flood", "b", "flood", "b", "flood", "flood", "flood"));
}

TEST_F(GateTest, TokensNotRequestsAreShared) {
  ServeLimits limits{.active = 1};
  Gate gate(limits, 0);
  for (int i = 0; i < 3; ++i) ask(gate, {.key = "large", .tokens = 300});
  for (int i = 0; i < 4; ++i) ask(gate, {.key = "small", .tokens = 100});
  run();
  EXPECT_THAT(order, ElementsAre("large", "large", "small", "small", "small", "large", "small"));
}

TEST_F(GateTest, AWeightIsAShare) {
  ServeLimits limits{.active = 1};
  Gate gate(limits, 0);
  for (int i = 0; i < 9; ++i) {
    ask(gate, {.key = "one", .tokens = 100});
    ask(gate, {.key = "two", .weight = 2, .tokens = 100});
  }
  run();
  EXPECT_EQ(std::count(order.begin() + 2, order.begin() + 11, "two"), 6);  // while both waited, after the first
}

TEST_F(GateTest, WhatWasNotComputedIsGivenBack) {
  ServeLimits limits{.active = 1};
  Gate gate(limits, 0);
  auto modest = [](Gate& g) -> Task<int> {
    Gate::Pass pass = co_await g.enter({.key = "z-modest", .tokens = 1000});
    co_await sleep_for(1s);
    pass.computed(10);
    co_return 0;
  };
  tasks.push_back(modest(gate));
  ask(gate, {.key = "other", .tokens = 100});
  ask(gate, {.key = "other", .tokens = 100});
  ask(gate, {.key = "z-modest", .tokens = 100});
  run();
  EXPECT_THAT(order, ElementsAre("z-modest", "other", "other"));
}

TEST_F(GateTest, NeverMoreCellsThanTheEngineHasAndALargeOneComesIn) {
  ServeLimits limits{.active = 8};
  Gate gate(limits, 100);
  ask(gate, {.key = "a", .cells = 60});
  ask(gate, {.key = "b", .cells = 60});
  ask(gate, {.key = "c", .cells = 30});
  ask(gate, {.key = "d", .cells = 1000});  // fits nowhere: alone
  run();
  EXPECT_THAT(order, ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(sim.elapsed(), 3s);
}

TEST_F(GateTest, AKeysOwnLimitHoldsUpNobodyElse) {
  ServeLimits limits{.active = 8};
  Gate gate(limits, 0);
  for (int i = 0; i < 3; ++i) ask(gate, {.key = "narrow", .active = 1});
  ask(gate, {.key = "b"});
  run();
  EXPECT_THAT(order, ElementsAre("narrow", "b", "narrow", "narrow"));
  EXPECT_EQ(sim.elapsed(), 3s);
}

TEST_F(GateTest, AFullQueuePushesOutTheKeyThatFillsIt) {
  ServeLimits limits{.active = 1, .queue = 3};
  Gate gate(limits, 0);
  for (int i = 0; i < 5; ++i) ask(gate, {.key = "flood"});
  ask(gate, {.key = "b"});
  run();
  EXPECT_THAT(order, ElementsAre("flood", "flood: the queue is full; try again later",
                                 "flood: the queue is full; try again later", "b", "flood", "flood"));
}

TEST_F(GateTest, AWaitingRequestCanBeEnded) {
  ServeLimits limits{.active = 1};
  Gate gate(limits, 0);
  ask(gate, {.id = "1", .key = "a"});
  ask(gate, {.id = "2", .key = "b"});
  auto end = [](Gate& g) -> Task<int> {
    EXPECT_TRUE(g.leave("2"));
    EXPECT_FALSE(g.leave("nothing"));
    co_return 0;
  };
  tasks.push_back(end(gate));
  run();
  EXPECT_THAT(order, ElementsAre("a", "b: the request was cancelled while it waited"));
}

// Whatever comes, waits, leaves or gives up: places and cells are never over-given, and all are free at the end.
TEST_F(GateTest, RandomArrivalsAndDeparturesLoseNoPlace) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Sim own;
    Rng rng(seed);
    ServeLimits limits{.active = 3, .queue = 6};
    Gate gate(limits, 500);
    std::vector<std::string> seen;
    std::vector<Task<std::optional<int>>> some;
    for (int i = 0; i < 40; ++i) {
      auto pick = [&](uint64_t most) { return static_cast<int64_t>(rng.below(most)); };
      Entrant entrant{.key = std::string(1, static_cast<char>('a' + pick(3))),
                      .weight = static_cast<double>(1 + pick(3)),
                      .active = static_cast<int>(pick(3)),
                      .tokens = 1 + pick(100),
                      .cells = pick(300)};
      some.push_back(within(std::chrono::milliseconds(100 + pick(6000)), request(gate, seen, entrant)));
    }
    own.run(all(std::move(some)));
    EXPECT_EQ(gate.active(), 0) << seed;
    EXPECT_EQ(gate.waiting(), 0) << seed;
    EXPECT_EQ(own.timers_left(), 0u);
  }
}

constexpr int64_t kDay = 86'400'000;

TEST(QuotaTest, ADaysBudgetIsNeverPassedAndBeginsAgain) {
  Quota quota([](const std::string&, int64_t since) { return since == 0 ? 100 : 0; });  // as the ledger has it
  KeyRules rules{.name = "team", .tokens_per_day = 1000};
  Quota::Hold first = quota.hold(rules, 1, 600, 5);
  EXPECT_EQ(first.tokens(), 600);
  Quota::Hold second = quota.hold(rules, 1, 600, 5);
  EXPECT_EQ(second.tokens(), 300);
  EXPECT_THROW(quota.hold(rules, 1, 600, 5), Refusal);
  first.settle(50);
  EXPECT_EQ(quota.hold(rules, 1, 600, 5).tokens(), 550);  // and given back, unused
  second.settle(300);
  EXPECT_THROW(quota.hold(rules, 551, 600, 5), Refusal);
  EXPECT_EQ(quota.hold(rules, 1, 5000, kDay + 5).tokens(), 1000);
}

TEST(QuotaTest, AMonthHoldsOverItsDaysAndIsReadFromTheLedgerOnce) {
  std::vector<int64_t> asked;
  Quota quota([&](const std::string&, int64_t since) {
    asked.push_back(since / kDay);
    return 400;
  });
  KeyRules rules{.name = "team", .tokens_per_month = 1000};
  int64_t may_20 = 139 * kDay + 1;  // of 1970
  quota.hold(rules, 1, 500, may_20).settle(500);
  EXPECT_THROW(quota.hold(rules, 101, 500, may_20 + kDay), Refusal);
  EXPECT_EQ(quota.hold(rules, 1, 500, may_20 + 12 * kDay).tokens(), 500);  // June
  EXPECT_THAT(asked, ElementsAre(139, 120));                               // the day, and the first of May
}

TEST(QuotaTest, WithoutAKeyOrABudgetNothingIsHeldBack) {
  Quota quota({});
  EXPECT_EQ(quota.hold({}, 1, 600, 0).tokens(), 0);
  EXPECT_EQ(quota.hold({.name = "free"}, 1, 600, 0).tokens(), 600);
}

}  // namespace
}  // namespace reckon
