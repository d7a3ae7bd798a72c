#include "serve/model_pool.h"

#include "serve/service_fixture.h"

namespace reckon {
namespace {

using testing::ElementsAre;

// Three models of 10 bytes each, under a limit that the test chooses.
class ModelPoolTest : public testing::Test {
 protected:
  ModelPoolTest() {
    for (const char* name : {"a", "b", "c"}) models.emplace_back().capabilities_.name = name;
  }
  OfferedModel offer(ScriptedModel& model) {
    OfferedModel offer = offered(model, 10);
    offer.load = [this, &model, name = offer.name](const std::function<bool(double)>& progress) {
      loaded.push_back(name);
      if (while_loading) while_loading(progress);
      if (broken == name) throw Error(Code::model_unavailable, name + " is broken");
      auto steps = std::make_shared<int>(0);  // owners: both functions
      return LoadedModel{.model = std::make_unique<Borrowed>(model),
                         .counts = [steps] { return EngineCounts{.steps = *steps}; },
                         .settled = [steps] { return count_late(steps); }};
    };
    return offer;
  }
  static Task<void> count_late(std::shared_ptr<int> steps) {
    co_await sleep_for(1ms);
    ++*steps;
  }
  void make(int64_t limit) {
    std::vector<OfferedModel> offers;
    for (ScriptedModel& model : models) offers.push_back(offer(model));
    pool = std::make_unique<ModelPool>(sim, std::move(offers), limit, [this](Model& model) {
      return std::make_unique<Runs>(sim, model, limits, books);
    });
  }
  // Uses the model for a while; writes down what was answered, and when.
  Task<int> use(std::string name, Loop::Clock::duration time, std::optional<double> patience = std::nullopt) {
    return use(*pool, log, limits.queue, std::move(name), time, patience);
  }
  static Task<int> use(ModelPool& pool, std::vector<std::string>& log, int queue, std::string name,
                       Loop::Clock::duration time, std::optional<double> patience) {
    try {
      ModelPool::Lease lease = co_await pool.lease(name, queue, patience);
      log.push_back(lease.model().capabilities().name);
      co_await sleep_for(time);
    } catch (const Error& error) {
      log.push_back(error.what());
    }
    co_return 0;
  }
  static Task<int> later(Loop::Clock::duration time, Task<int> task) {
    co_await sleep_for(time);
    co_return co_await std::move(task);
  }
  void all_of(std::vector<Task<int>> tasks) { sim.run(all(std::move(tasks))); }
  std::vector<std::string> states() {
    std::vector<std::string> list;
    for (const ModelState& state : pool->states()) list.push_back(state.state);
    return list;
  }

  Sim sim;
  std::deque<ScriptedModel> models;
  Metrics metrics;
  Books books{sim, {}, metrics};
  ServeLimits limits;
  std::vector<std::string> loaded, log;
  std::string broken;
  std::function<void(const std::function<bool(double)>&)> while_loading;
  std::unique_ptr<ModelPool> pool;
};

TEST_F(ModelPoolTest, AModelIsLoadedWhenItIsFirstAskedForAndOnlyThen) {
  make(0);
  EXPECT_FALSE(pool->ready());
  std::vector<Task<int>> tasks;
  for (const char* name : {"default", "b@sc8", "b", "reckon/auto"}) tasks.push_back(use(name, 1s));
  all_of(std::move(tasks));
  EXPECT_THAT(log, ElementsAre("a", "a", "b", "b"));
  EXPECT_THAT(loaded, ElementsAre("a", "b"));
  EXPECT_THAT(states(), ElementsAre("loaded", "loaded", "unloaded"));
  EXPECT_TRUE(pool->ready());
}

TEST_F(ModelPoolTest, TheOneThatWasUsedLongestAgoMakesRoom) {
  make(20);
  for (const char* name : {"a", "b", "a", "c", "a", "b"}) sim.run(use(name, 1s));
  EXPECT_THAT(loaded, ElementsAre("a", "b", "c", "b"));
  EXPECT_THAT(states(), ElementsAre("loaded", "loaded", "unloaded"));
  EXPECT_EQ(pool->state("b").counts.steps, 1) << "what it counted before it went is kept, to the last step";
}

TEST_F(ModelPoolTest, AModelThatWorksStaysWhileAnIdleOneCanGo) {
  make(20);
  std::vector<Task<int>> tasks;
  tasks.push_back(use("a", 10s));
  tasks.push_back(later(1s, use("b", 1s)));
  tasks.push_back(later(3s, use("c", 1s)));
  all_of(std::move(tasks));
  EXPECT_THAT(states(), ElementsAre("loaded", "unloaded", "loaded"));
  EXPECT_EQ(sim.elapsed(), 10s);
}

TEST_F(ModelPoolTest, NobodyIsCutOffAndNobodyWaitsForEverBehindAModelThatIsNeverIdle) {
  make(10);
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(later(i * 1s, use("a", 1500ms)));  // there is always one
  tasks.push_back(later(2200ms, use("b", 1s)));
  all_of(std::move(tasks));
  // At 2.2 s two of `a` run; they end, `b` has its turn, and the others of `a` come after it.
  EXPECT_THAT(log, ElementsAre("a", "a", "a", "b", "a", "a", "a", "a", "a", "a", "a"));
  EXPECT_THAT(loaded, ElementsAre("a", "b", "a"));
}

TEST_F(ModelPoolTest, WhatNobodyWaitsForAnyMoreIsNotLoaded) {
  make(10);
  std::vector<Task<int>> tasks;
  tasks.push_back(use("a", 5s));
  tasks.push_back(later(1s, use("b", 1s, 2.0)));
  all_of(std::move(tasks));
  EXPECT_THAT(log, ElementsAre("a", "the deadline came before the model was loaded"));
  EXPECT_THAT(loaded, ElementsAre("a"));
  sim.run(use("b", 1s));
  sim.run(use("a", 1s));
  EXPECT_THAT(loaded, ElementsAre("a", "b", "a"));
}

TEST_F(ModelPoolTest, ALoadThatFailsTellsAllWhoWaitAndIsTriedAgain) {
  make(0);
  broken = "b";
  std::vector<Task<int>> tasks;
  tasks.push_back(use("b", 1s));
  tasks.push_back(use("b", 1s));
  all_of(std::move(tasks));
  EXPECT_THAT(log, ElementsAre("model 'b' cannot be loaded: b is broken", log.front()));
  EXPECT_EQ(pool->state("b").failure, "b is broken");
  broken.clear();
  sim.run(use("b", 1s));
  EXPECT_EQ(log.back(), "b");
  EXPECT_EQ(pool->state("b").failure, "");
}

TEST_F(ModelPoolTest, ProgressIsToldAndALoadIsGivenUpWhenThePoolCloses) {
  make(0);
  bool go_on = true;
  while_loading = [&](const std::function<bool(double)>& progress) {
    progress(0.4);
    EXPECT_EQ(pool->state("a").state, "loading");
    EXPECT_EQ(pool->state("a").progress, 0.4);
    pool->close();
    go_on = progress(0.5);
    throw Error(Code::model_unavailable, "given up");
  };
  sim.run(use("a", 1s));
  EXPECT_FALSE(go_on);
  sim.run(use("b", 1s));
  EXPECT_THAT(log, ElementsAre("model 'a' cannot be loaded: given up", "the server is shutting down"));
  sim.run(pool->settled());
}

TEST_F(ModelPoolTest, OnlySoManyWaitForALoad) {
  make(10);
  limits.queue = 2;
  std::vector<Task<int>> tasks;
  tasks.push_back(use("a", 5s));
  for (int i = 0; i < 3; ++i) tasks.push_back(later(1s, use("b", 1s)));
  all_of(std::move(tasks));
  EXPECT_EQ(std::ranges::count(log, "b"), 2);
  EXPECT_EQ(std::ranges::count(log, "too many requests wait for this model to be loaded; try again later"), 1);
  EXPECT_EQ(pool->rejected(), 1);
}

TEST_F(ModelPoolTest, AModelThatCannotFitIsRefusedAtTheStartAndUnknownNamesTellThoseThatExist) {
  try {
    make(9);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("model 'a' needs"));
  }
  make(10);
  sim.run(use("d@auto", 1s));
  EXPECT_THAT(log, ElementsAre("there is no model 'd' here; there are 'a', 'b', 'c'"));
}

}  // namespace
}  // namespace reckon
