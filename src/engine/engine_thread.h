#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include <reckon/error.h>

#include "engine/stepper.h"

namespace reckon {

// What the loop thread asks of the engine thread, in order. Bounded: new work is refused when it is full, what ends
// work never is. After `close` commands do nothing. Shared by the model and its branches, which may outlive it.
class Inbox {
 public:
  using Command = std::function<void(Stepper&)>;
  enum class Kind { work, ending };

  // Throws Error{overloaded} when full; returns false when the engine has stopped.
  bool push(Kind kind, Command command);
  void close();
  // Adds what was pushed to `commands`, waiting for some when `wait`; false when closed.
  bool drain(bool wait, std::deque<Command>& commands);

 private:
  static constexpr size_t kBound = 16384;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Command> commands_;  // guarded by mutex_
  bool closed_ = false;           // guarded by mutex_
};

// Runs a stepper on its own thread: drain the inbox, step, again; asleep when there is nothing to do.
class EngineThread {
 public:
  EngineThread(Stepper& stepper, std::shared_ptr<Inbox> inbox);
  ~EngineThread();  // fails what still runs, and waits for the thread

 private:
  void run();
  void end(std::deque<Inbox::Command>& commands, const Error& why);
  Stepper& stepper_;
  std::shared_ptr<Inbox> inbox_;  // owners: the model and its branches
  std::thread thread_;
};

}  // namespace reckon
