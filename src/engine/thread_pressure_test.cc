#include "engine/thread_pressure.h"

#include <gtest/gtest.h>

namespace reckon {
namespace {

// A machine of two cores on which one thread computes a step in 0.1 s and two in 0.05 s, unless a neighbour keeps one
// core busy: then one thread still takes 0.1 s, and two take 2 s, mostly waiting.
struct Machine {
  bool neighbour = false;
  ThreadPressure::Step step(int threads) const {
    if (threads == 1) return {.wall = 0.1, .cpu = 0.1, .expected = 0.05};
    if (!neighbour) return {.wall = 0.05, .cpu = 0.1, .expected = 0.05};
    return {.wall = 2, .cpu = 3, .expected = 0.05};
  }
};

double run(ThreadPressure& pressure, const Machine& machine, double seconds, int* steps = nullptr) {
  double spent = 0;
  for (; spent < seconds; spent += machine.step(pressure.threads()).wall) {
    pressure.observe(machine.step(pressure.threads()));
    if (steps) ++*steps;
  }
  return spent;
}

TEST(ThreadPressure, KeepsAllThreadsOnAQuietMachine) {
  ThreadPressure pressure(2, 2);
  run(pressure, {}, 100);
  EXPECT_EQ(pressure.threads(), 2);
  EXPECT_EQ(pressure.shed(), 0);
}

TEST(ThreadPressure, ShedsAThreadAtTheFirstStarvedStep) {
  ThreadPressure pressure(2, 2);
  pressure.observe(Machine{true}.step(2));
  EXPECT_EQ(pressure.threads(), 1);
  EXPECT_EQ(pressure.shed(), 1);
}

TEST(ThreadPressure, TakesItBackWhenTheNeighbourLeaves) {
  ThreadPressure pressure(2, 2);
  run(pressure, {.neighbour = true}, 8);
  EXPECT_EQ(pressure.threads(), 1);
  run(pressure, {.neighbour = false}, 70);
  EXPECT_EQ(pressure.threads(), 2);
  EXPECT_EQ(pressure.regained(), 1);
}

TEST(ThreadPressure, TrialsUnderLoadCostLittle) {
  ThreadPressure pressure(2, 2);
  int steps = 0;
  double seconds = run(pressure, {.neighbour = true}, 300, &steps);
  EXPECT_GT(steps * 0.1, 0.9 * seconds) << "of what one thread alone would have done";
}

TEST(ThreadPressure, BusyNeighboursThatDoNotSlowUsAreLeftAlone) {
  ThreadPressure pressure(4, 4);
  for (int i = 0; i < 100; ++i) pressure.observe({.wall = 0.055, .cpu = 0.18, .expected = 0.05});
  EXPECT_EQ(pressure.threads(), 4);
}

TEST(ThreadPressure, WithoutAKnownCostTheShareOfProcessorTimeDecides) {
  ThreadPressure pressure(4, 4);
  for (int i = 0; i < 10; ++i) pressure.observe({.wall = 0.1, .cpu = 0.2});
  EXPECT_LT(pressure.threads(), 4);
}

TEST(ThreadPressure, OneThreadIsNeverShed) {
  ThreadPressure pressure(1, 1);
  for (int i = 0; i < 100; ++i) pressure.observe({.wall = 1, .cpu = 0.1, .expected = 0.1});
  EXPECT_EQ(pressure.threads(), 1);
}

TEST(ThreadPressure, StartsLowWhereTheMachineWasBusyAndGrows) {
  ThreadPressure pressure(2, 1);
  run(pressure, {}, 5);
  EXPECT_EQ(pressure.threads(), 2);
}

}  // namespace
}  // namespace reckon
