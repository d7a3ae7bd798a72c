#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "verify/sandbox.h"

namespace reckon {

// Two sandboxes that know each other: in one the judge, which runs the tests, in the other the player, which runs the
// candidate program. Both hold a started Python interpreter that waits for work. See docs/code-sandbox.md.
struct JudgePair {
  Contained judge, player;
  Fd control;                      // our end of the judge's line to us
  Fd player_output, judge_output;  // what they write to standard output and standard error
};

// Keeps pairs of sandboxes started, so that a check does not wait for interpreters; each pair is used once. One thread
// of its own starts them, because a sandbox dies with the thread that started it. Safe from any thread.
class WarmPool {
 public:
  WarmPool(const Sandbox& sandbox, Limits limits, int size);  // `sandbox` must outlive the pool
  ~WarmPool();
  JudgePair take();  // blocks until there is one; throws Error{environment} when none can be started
  const Limits& limits() const { return limits_; }

 private:
  JudgePair take_any();
  void fill();
  JudgePair start() const;

  const Sandbox& sandbox_;
  const Limits limits_;
  const size_t size_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<JudgePair> ready_;
  size_t waiting_ = 0;
  std::string error_;  // why the last start failed
  bool closing_ = false;
  std::thread filler_;
};

}  // namespace reckon
