#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>

namespace reckon {

class Loop;

// Something the loop will call once: a coroutine to resume, or the end of a task to report. It is a link of an
// intrusive list, so that leaving (its destructor) is O(1) and nobody can call into a frame that is gone.
class Wakeup {
 public:
  using Function = void (*)(void*) noexcept;
  Wakeup() = default;
  Wakeup(Function call, void* argument) : call_(call), argument_(argument) {}
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  ~Wakeup() { withdraw(); }

  void set(Function call, void* argument) { call_ = call, argument_ = argument; }
  bool queued() const { return loop_ != nullptr; }
  void withdraw();

 private:
  friend class Loop;
  Function call_ = nullptr;
  void* argument_ = nullptr;
  Loop* loop_ = nullptr;  // not null while queued
  Wakeup* previous_ = nullptr;
  Wakeup* next_ = nullptr;
};

// One thread on which every strategy, timer and delivery runs. Real (AsioLoop) or simulated (Sim); the code above
// cannot tell which. Only `post` may be called from another thread.
class Loop {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;
  using Timers = std::multimap<Time, Wakeup*>;

  Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop();

  virtual Time now() const = 0;
  // Runs `work` on the loop thread. The only door from another thread; safe from any.
  virtual void post(std::function<void()> work) = 0;
  // Runs `work` on a worker thread (Sim: at once) and then `done` on the loop thread. `work` must not throw.
  virtual void offload(std::function<void()> work, std::function<void()> done) = 0;

  void ready(Wakeup& wakeup);  // queue it, first in first out; queueing twice is once
  Timers::iterator arm(Time when, Wakeup& wakeup);
  void disarm(Timers::iterator timer) { timers_.erase(timer); }

 protected:
  void drain();         // call everything ready, also what becomes ready meanwhile
  void fire(Time now);  // move the timers that are due to the ready queue
  const Timers& timers() const { return timers_; }
  bool idle() const { return first_ == nullptr; }

 private:
  friend class Wakeup;
  Wakeup* first_ = nullptr;
  Wakeup* last_ = nullptr;
  Timers timers_;
};

}  // namespace reckon
