#include "engine/scheduler.h"

#include <gmock/gmock.h>

#include <map>
#include <numeric>

#include "base/rng.h"

namespace reckon {

bool operator==(const Share& a, const Share& b) { return a.id == b.id && a.tokens == b.tokens; }

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr KvBudget kPlenty{.cells = 1000, .slots = 100, .chunk = 512, .rows = 64};

TEST(Scheduler, OneStepAdvancesEveryBranchAndFillsUpWithPrompt) {
  Plan p =
      plan({{.id = 1, .todo = 1}, {.id = 2, .todo = 700, .resident = false}, {.id = 3, .todo = 1}, {.id = 4}}, kPlenty);
  EXPECT_THAT(p.run, ElementsAre(Share{1, 1}, Share{3, 1}, Share{2, 512}));
  EXPECT_THAT(p.park, IsEmpty());
}

TEST(Scheduler, PromptsAreServedOldestFirst) {
  Plan p = plan({{.id = 1, .todo = 300, .resident = false}, {.id = 2, .todo = 300, .resident = false}}, kPlenty);
  EXPECT_THAT(p.run, ElementsAre(Share{1, 300}, Share{2, 212}));
}

TEST(Scheduler, MoreBranchesThanRowsTakeTurns) {
  KvBudget two = kPlenty;
  two.rows = 2;
  Plan p = plan(
      {{.id = 1, .todo = 1, .served = 5}, {.id = 2, .todo = 1, .served = 5}, {.id = 3, .todo = 1, .served = 4}}, two);
  EXPECT_THAT(p.run, ElementsAre(Share{3, 1}, Share{1, 1}));
}

TEST(Scheduler, WhenCellsAreShortTheYoungestIsParked) {
  KvBudget full = kPlenty;
  full.cells = 1;
  Plan p = plan({{.id = 1, .todo = 1, .own_cells = 9},
                 {.id = 2, .todo = 1, .own_cells = 9},
                 {.id = 3, .todo = 1, .own_cells = 9}},
                full);
  EXPECT_THAT(p.park, ElementsAre(3u));
  EXPECT_THAT(p.run, ElementsAre(Share{1, 1}, Share{2, 1}));
}

TEST(Scheduler, IdleBranchesAreParkedBeforeRunningOnesButNotIfThatFreesNothing) {
  KvBudget full = kPlenty;
  full.cells = 0;
  Plan p = plan({{.id = 1, .own_cells = 0}, {.id = 2, .own_cells = 5}, {.id = 3, .todo = 1, .own_cells = 5}}, full);
  EXPECT_THAT(p.park, ElementsAre(2u));
  EXPECT_THAT(p.run, ElementsAre(Share{3, 1}));
}

TEST(Scheduler, AParkedBranchComesBackOnlyWhenItAndTheOthersHaveRoom) {
  std::vector<SequenceView> branches{{.id = 1, .todo = 1, .own_cells = 50}, {.id = 2, .todo = 100, .resident = false}};
  KvBudget tight = kPlenty;
  tight.cells = 110;
  EXPECT_THAT(plan(branches, tight).run, ElementsAre(Share{1, 1}));
  tight.cells = 200;
  EXPECT_THAT(plan(branches, tight).run, ElementsAre(Share{1, 1}, Share{2, 100}));
}

TEST(Scheduler, TheOldestParkedBranchPushesTheYoungerOut) {
  KvBudget tight = kPlenty;
  tight.cells = 1;
  Plan p = plan({{.id = 1, .todo = 100, .resident = false}, {.id = 2, .todo = 1, .own_cells = 120}}, tight);
  EXPECT_THAT(p.park, ElementsAre(2u));
  EXPECT_THAT(p.run, ElementsAre(Share{1, 100}));
}

TEST(Scheduler, WithoutSequenceNumbersABranchWaitsOrTakesAnIdleOnes) {
  KvBudget none = kPlenty;
  none.slots = 0;
  Plan p = plan({{.id = 1, .todo = 1}, {.id = 2}, {.id = 3, .todo = 10, .resident = false}}, none);
  EXPECT_THAT(p.park, ElementsAre(2u));
  EXPECT_THAT(p.run, ElementsAre(Share{1, 1}, Share{3, 10}));
}

// A small world: branches of random length over too little memory. Every plan fits, and all come to their end.
TEST(Scheduler, EveryBranchEndsWhateverTheMemory) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    struct Work {
      int length, computed = 0, goal;
      bool resident = false;
    };
    std::map<uint64_t, Work> live;
    int cells = 64 + static_cast<int>(rng.below(100)), free = cells, most_slots = 1 + static_cast<int>(rng.below(6));
    for (uint64_t id = 1; id <= 12; ++id) {
      int length = 1 + static_cast<int>(rng.below(40));
      live[id] = {length, 0, std::min(length + static_cast<int>(rng.below(30)), 64)};
    }
    for (int step = 0; !live.empty(); ++step) {
      ASSERT_LT(step, 20000) << seed;
      std::vector<SequenceView> views;
      int resident = 0;
      for (auto& [id, w] : live) {
        views.push_back({.id = id, .todo = w.length - w.computed, .resident = w.resident, .own_cells = w.computed});
        resident += w.resident;
      }
      Plan p = plan(views, {.cells = free, .slots = most_slots - resident, .chunk = 16, .rows = 4});
      ASSERT_FALSE(p.run.empty() && p.park.empty()) << seed;
      for (uint64_t id : p.park) {
        Work& w = live.at(id);
        ASSERT_TRUE(w.resident);
        free += std::exchange(w.computed, 0);
        w.resident = false;
      }
      int rows = 0, prompt = 0;
      for (const Share& share : p.run) {
        Work& w = live.at(share.id);
        ASSERT_GT(share.tokens, 0);
        ASSERT_LE(share.tokens, w.length - w.computed);
        prompt += w.length - w.computed > 1 ? share.tokens : 0;
        w.resident = true;
        w.computed += share.tokens;
        free -= share.tokens;
        if (w.computed == w.length) ++rows, ++w.length;
        if (w.length > w.goal) free += w.computed, live.erase(share.id);
      }
      ASSERT_GE(free, 0) << seed;
      ASSERT_LE(rows, 4);
      ASSERT_LE(prompt, 16 + 12);
      int seated = 0;
      for (auto& [id, w] : live) seated += w.resident;
      ASSERT_LE(seated, most_slots);
    }
    EXPECT_EQ(free, cells);
  }
}

}  // namespace
}  // namespace reckon
