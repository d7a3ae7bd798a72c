#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "verify/sandbox.h"

namespace reckon {

// Our ends of the lines of one test.
struct TestLines {
  Fd control;                      // to the judge
  Fd player_output, judge_output;  // what they write to standard output and standard error
};

// Two sandboxes: in one the judge, which runs tests, in the other the player, which runs a candidate program. Each
// holds a started Python interpreter that waits at its door and forks a process of its own for every test. All tests
// that run in a pair are of one program. See docs/code-sandbox.md.
struct JudgePair {
  Contained judge, player;
  Fd judge_door, player_door;  // our ends

  // Nothing when one of the two does not answer in time.
  std::optional<TestLines> begin_test(std::chrono::milliseconds patience);
  // Ends all that the test left running. True when the pair is as it was before the test: only then it may run another.
  bool end_test();
  // How the player's process ended: its exit code, 128 + n when signal n ended it; -1 when it did not end within a
  // second.
  int player_exit_code();
};

// Keeps pairs of sandboxes started, so that a check does not wait for interpreters, and pairs that ran tests of a
// program, for that program's next ones. One thread of its own starts them, because a sandbox dies with the thread that
// started it. Safe from any thread.
class WarmPool {
 public:
  WarmPool(const Sandbox& sandbox, Limits limits, int size);  // `sandbox` must outlive the pool
  ~WarmPool();
  // A pair kept for this program, else a fresh one. Blocks until there is one; throws Error{environment} when none can
  // be started.
  JudgePair take(std::string_view program);
  void keep(std::string_view program, JudgePair pair);  // at most `size` are kept
  const Limits& limits() const { return limits_; }

 private:
  struct Kept {
    std::string program;
    JudgePair pair;
  };
  std::optional<JudgePair> take_kept(std::string_view program);
  JudgePair take_fresh();
  void fill();
  JudgePair start() const;

  const Sandbox& sandbox_;
  const Limits limits_;
  const size_t size_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<JudgePair> ready_;
  std::deque<Kept> kept_;
  size_t waiting_ = 0;
  std::string error_;  // why the last start failed
  bool closing_ = false;
  std::thread filler_;
};

}  // namespace reckon
