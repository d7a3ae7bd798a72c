#pragma once
#include <deque>
#include <functional>

#include <reckon/error.h>
#include <reckon/loop.h>
#include <reckon/task.h>

namespace reckon {

// The loop of tests and replays: one thread, a virtual clock that jumps to the next timer when nothing is left to run,
// one reproducible order. A run that can never go on ends with Error{internal} instead of hanging.
class Sim : public Loop {
 public:
  Time now() const override { return now_; }
  void post(std::function<void()> work) override { posted_.push_back(std::move(work)); }
  void offload(std::function<void()> work, std::function<void()> done) override {
    work();
    post(std::move(done));
  }
  Clock::duration elapsed() const { return now_ - Time{}; }

  template <class T>
  T run(Task<T> task) {
    Wakeup finished([](void*) noexcept {}, nullptr);
    task.start(*this, finished);
    settle([&] { return task.done(); });
    return task.take();
  }
  // Runs what is left after the last task was dropped; for tests of cancellation.
  void finish() {
    settle([] { return false; }, true);
  }
  size_t timers_left() const { return timers().size(); }

 private:
  void settle(const std::function<bool()>& done, bool to_the_end = false) {
    while (true) {
      drain();
      while (!posted_.empty()) {
        std::function<void()> work = std::move(posted_.front());
        posted_.pop_front();
        work();
        drain();
      }
      if (done()) return;
      if (timers().empty()) {
        if (to_the_end) return;
        throw Error(Code::internal, "deadlock: a task waits, and nothing is left that could wake it");
      }
      now_ = timers().begin()->first;
      fire(now_);
    }
  }
  Time now_{};
  std::deque<std::function<void()>> posted_;
};

}  // namespace reckon
