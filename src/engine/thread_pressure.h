#pragma once
#include <cstdint>

namespace reckon {

// How many threads the next decode step should use. ggml's threads wait for each other by spinning after every node, so
// one thread that another process keeps off its core stalls all: two threads with one busy neighbour were measured at a
// fortieth of their speed, one thread at all of its own. Pure: fed with each step, it answers with a number.
//
// Starved means: the threads got less than 85 % of the processor time that so many spinning threads take, and (where
// the quiet cost is known) the steps took more than 1.5 times as long as on a quiet machine. Then one thread is shed at
// once. After a hold of 2 s one comes back on trial; a trial that ends starved, or slower than before, doubles the hold
// (up to 64 s).
class ThreadPressure {
 public:
  struct Step {
    double wall = 0, cpu = 0;  // seconds; cpu of the whole process
    double expected = 0;       // wall on a quiet machine with all threads; 0: unknown
  };
  explicit ThreadPressure(int most, int now) : most_(most), threads_(now) {}

  int observe(const Step& step);
  int threads() const { return threads_; }
  int most() const { return most_; }
  int64_t shed() const { return shed_; }
  int64_t regained() const { return regained_; }

 private:
  void judge();
  bool starved() const;

  static constexpr double kWindow = 0.25, kShare = 0.85, kSlow = 1.5, kFirstHold = 2, kLongestHold = 64;
  int most_, threads_;
  Step window_;      // sums since the last judgement
  double calm_ = 0;  // seconds since the last change
  double hold_ = kFirstHold;
  bool trial_ = false;
  double slowdown_before_ = 0;  // wall / expected before the trial; 0: unknown
  int64_t shed_ = 0, regained_ = 0;
};

}  // namespace reckon
