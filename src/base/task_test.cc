#include <reckon/task.h>

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/asio_loop.h"
#include "base/rng.h"
#include "base/sim.h"

namespace reckon {
namespace {

using namespace std::chrono_literals;

Task<int> after(Loop::Clock::duration time, int value) {
  co_await sleep_for(time);
  co_return value;
}
Task<int> failing(Loop::Clock::duration time, std::string why) {
  co_await sleep_for(time);
  throw Error(Code::internal, why);
}
struct Count {
  explicit Count(int& n) : n_(n) { ++n_; }
  ~Count() { --n_; }
  int& n_;
};
Task<int> counted(int& live, Loop::Clock::duration time) {
  Count count(live);
  co_await sleep_for(time);
  co_return live;
}

TEST(Task, IsLazyAndRunsOnTheVirtualClock) {
  Sim sim;
  Task<int> task = after(2h, 7);
  EXPECT_EQ(sim.elapsed(), 0s);
  EXPECT_EQ(sim.run(std::move(task)), 7);
  EXPECT_EQ(sim.elapsed(), 2h);
}

Task<int> nested(int depth) {
  if (depth == 0) co_return 0;
  int below = co_await nested(depth - 1);
  co_return below + 1;
}
Task<int> in_a_row(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await nested(1);
  co_return sum;
}
TEST(Task, AwaitsManyTimesInARowWithoutGrowingTheStack) {
  Sim sim;
  EXPECT_EQ(sim.run(in_a_row(100'000)), 100'000);
}

Task<std::string> rethrow() {
  try {
    co_await failing(1s, "broken");
  } catch (const Error& error) {
    co_return error.what();
  }
  co_return "no error";
}
TEST(Task, FailuresReachTheWaiter) {
  Sim sim;
  EXPECT_EQ(sim.run(rethrow()), "broken");
}

TEST(Task, DroppingCancelsEverythingItStarted) {
  Sim sim;
  int live = 0;
  {
    Stream<int> stream;
    for (int i = 1; i <= 10; ++i) stream.add(counted(live, i * 1s));
    EXPECT_EQ(sim.run(stream.next()), 10);  // the first to end saw all ten alive
    EXPECT_EQ(live, 9);
  }
  EXPECT_EQ(live, 0);
  EXPECT_EQ(sim.timers_left(), 0u);
}

TEST(Stream, ReturnsInFinishingOrderAndEndsWithNothing) {
  Sim sim;
  Stream<int> stream;
  for (int seconds : {3, 1, 2}) stream.add(after(seconds * 1s, seconds));
  EXPECT_EQ(sim.run(stream.next()), 1);
  EXPECT_EQ(sim.run(stream.next()), 2);
  stream.add(after(5s, 9));
  EXPECT_EQ(stream.pending(), 2);
  EXPECT_EQ(sim.run(stream.next()), 3);
  EXPECT_EQ(sim.run(stream.next()), 9);
  EXPECT_EQ(sim.run(stream.next()), std::nullopt);
  EXPECT_EQ(sim.elapsed(), 7s);
}

TEST(Stream, AFailedTaskLosesItsPlaceOnly) {
  Sim sim;
  Stream<int> stream;
  stream.add(failing(1s, "lost"));
  stream.add(after(2s, 2));
  EXPECT_EQ(sim.run(stream.next()), 2);
  EXPECT_EQ(sim.run(stream.next()), std::nullopt);
}

TEST(Stream, ThrowsTheFirstFailureWhenAllFailed) {
  Sim sim;
  Stream<int> stream;
  stream.add(failing(2s, "second"));
  stream.add(failing(1s, "first"));
  try {
    sim.run(stream.next());
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "first");
  }
}

std::vector<Task<int>> tasks(std::initializer_list<int> seconds) {
  std::vector<Task<int>> list;
  for (int s : seconds) list.push_back(after(s * 1s, s));
  return list;
}
TEST(All, KeepsTheOrderOfTheTasks) {
  Sim sim;
  EXPECT_EQ(sim.run(all(tasks({3, 1, 2}))), (std::vector{3, 1, 2}));
  EXPECT_EQ(sim.elapsed(), 3s);
}

TEST(All, TheFirstFailureCancelsTheRest) {
  Sim sim;
  int live = 0;
  std::vector<Task<int>> list;
  list.push_back(counted(live, 10s));
  list.push_back(failing(1s, "broken"));
  EXPECT_THROW(sim.run(all(std::move(list))), Error);
  EXPECT_EQ(live, 0);
  EXPECT_EQ(sim.elapsed(), 1s);
}

TEST(Within, GivesTheValueOrNothingAndCancels) {
  Sim sim;
  int live = 0;
  EXPECT_EQ(sim.run(within(5s, after(2s, 4))), 4);
  EXPECT_EQ(sim.run(within(5s, counted(live, 9s))), std::nullopt);
  EXPECT_EQ(live, 0);
  EXPECT_EQ(sim.elapsed(), 7s);
  EXPECT_EQ(sim.timers_left(), 0u);
  EXPECT_THROW(sim.run(within(5s, failing(1s, "broken"))), Error);
}

Task<int> waits_for(Arrival<int> arrival) { co_return co_await arrival; }
TEST(Sim, ReportsADeadlockInsteadOfHanging) {
  Sim sim;
  EXPECT_THROW(sim.run(waits_for({})), Error);
}

TEST(Arrival, DeliveryAfterTheWaiterLeftDoesNothing) {
  Sim sim;
  Arrival<int> arrival;
  EXPECT_EQ(sim.run(within(1s, waits_for(arrival))), std::nullopt);
  arrival.deliver(3);
  sim.finish();
  EXPECT_EQ(sim.run(waits_for(arrival)), 3);
}

Task<int> square_on_pool(int x) {
  int y = co_await on_pool([x] { return x * x; });
  co_return y;
}
TEST(OnPool, ReturnsOnTheLoopInBothLoops) {
  Sim sim;
  EXPECT_EQ(sim.run(square_on_pool(6)), 36);
  AsioLoop loop(2);
  EXPECT_EQ(loop.run(square_on_pool(7)), 49);
}

Task<int> from_thread(AsioLoop& loop, std::atomic<int>& cancelled) {
  Arrival<int> arrival;
  std::jthread other([&loop, arrival] { loop.post([arrival] { arrival.deliver(5); }); });
  int value = co_await arrival;
  cancelled += value;
  co_return value;
}
TEST(AsioLoop, TakesDeliveriesFromOtherThreadsAndTimers) {
  AsioLoop loop;
  std::atomic<int> sum = 0;
  std::vector<Task<int>> list;
  for (int i = 0; i < 50; ++i) list.push_back(from_thread(loop, sum));
  loop.run(all(std::move(list)));
  EXPECT_EQ(sum, 250);
  EXPECT_EQ(loop.run(within(1ms, after(10min, 1))), std::nullopt);
}

Task<int> sleeps_after_the_pool(int x) {
  int y = co_await square_on_pool(x);
  co_await sleep_for(1ms);
  co_return y;
}
TEST(AsioLoop, ATimerThatComesLaterAndIsDueEarlierIsNotMissed) {
  AsioLoop loop;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(loop.run(within(10min, sleeps_after_the_pool(3))), 9);
}

// Random delays, failures and early leaving: whatever happens, nothing survives and every task is accounted for.
TEST(Stream, RandomRunsLeaveNothingBehind) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Rng rng(seed);
    Sim sim;
    int live = 0;
    int returned = 0;
    {
      Stream<int> stream;
      int started = 1 + static_cast<int>(rng.below(12)), failures = 0;
      for (int i = 0; i < started; ++i) {
        auto time = std::chrono::milliseconds(rng.below(50));
        if (rng.below(4) == 0) stream.add(failing(time, "x")), ++failures;
        else stream.add(counted(live, time));
      }
      uint64_t leave_after = rng.below(14);
      try {
        while (static_cast<uint64_t>(returned) < leave_after && sim.run(stream.next())) ++returned;
      } catch (const Error&) {
        EXPECT_EQ(failures, started);
      }
      EXPECT_LE(returned, started - failures);
    }
    EXPECT_EQ(live, 0) << "seed " << seed;
    EXPECT_EQ(sim.timers_left(), 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace reckon
