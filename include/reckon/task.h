#pragma once
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <reckon/error.h>
#include <reckon/loop.h>

// Task<T> and what combines tasks: Stream (results as they finish), all, within, sleep_for, on_pool.
//
// A Task is lazy, move-only and awaited once, as an rvalue. Owning it is the right to its result; dropping it cancels
// it and everything it started. A finished task never resumes its parent inline: it queues it on the loop, so there is
// no recursion, one reproducible order, and no frame is destroyed while it runs. Parameters of coroutines are taken by
// value, except `const Question&` and `Context&`, which outlive every task of a run; capturing lambdas are never
// coroutines. See docs/adr/0003-compiler.md and docs/ARCHITECTURE.md.
namespace reckon {

template <class T>
class Task;

namespace detail {

class PromiseBase {
 public:
  Loop& loop() const { return *loop_; }
  std::suspend_always initial_suspend() noexcept { return {}; }

  struct Finish {
    bool await_ready() noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> self) noexcept {
      PromiseBase& promise = self.promise();
      promise.done_ = true;
      promise.loop_->ready(*promise.on_done_);
    }
    void await_resume() noexcept {}
  };
  Finish final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

 protected:
  template <class>
  friend class reckon::Task;
  Loop* loop_ = nullptr;
  Wakeup* on_done_ = nullptr;  // owned by whoever waits, which also owns the task
  bool done_ = false;
  std::exception_ptr failure_;
};

template <class T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }
};

inline void resume(void* frame) noexcept { std::coroutine_handle<>::from_address(frame).resume(); }

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using value_type = T;
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      drop();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~Task() { drop(); }

  // For the edges (a main function, a server session, a combinator): run on `loop`; `on_done` is queued at the end.
  void start(Loop& loop, Wakeup& on_done) {
    frame_.promise().loop_ = &loop;
    frame_.promise().on_done_ = &on_done;
    frame_.resume();
  }
  bool done() const { return frame_.promise().done_; }
  T take() { return frame_.promise().take(); }

  class Awaiter {
   public:
    explicit Awaiter(Task task) : task_(std::move(task)) {}
    Awaiter(Awaiter&&) = delete;
    bool await_ready() noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> parent) {
      wakeup_.set(detail::resume, parent.address());
      task_.start(parent.promise().loop(), wakeup_);
    }
    T await_resume() { return task_.take(); }

   private:
    Wakeup wakeup_;  // before the task: it must outlive what may queue it
    Task task_;
  };
  Awaiter operator co_await() && { return Awaiter(std::move(*this)); }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  void drop() {
    if (frame_) std::exchange(frame_, nullptr).destroy();
  }
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}
}  // namespace detail

// The loop of the running task: `Loop& loop = co_await this_loop();`
struct this_loop {
  bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    loop = &self.promise().loop();
    return false;
  }
  Loop& await_resume() { return *loop; }
  Loop* loop = nullptr;
};

// Waits on the loop's clock.
class [[nodiscard]] sleep_until {
 public:
  explicit sleep_until(Loop::Time when) : when_(when) {}
  sleep_until(const sleep_until&) = delete;
  ~sleep_until() { leave(); }
  bool await_ready() noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> self) {
    wakeup_.set(detail::resume, self.address());
    loop_ = &self.promise().loop();
    timer_ = loop_->arm(when_, wakeup_);
  }
  void await_resume() { loop_ = nullptr; }  // the loop removed the timer when it fired

 private:
  void leave() {
    if (loop_ && !wakeup_.queued()) loop_->disarm(timer_);
  }
  Loop::Time when_;
  Wakeup wakeup_;
  Loop* loop_ = nullptr;
  Loop::Timers::iterator timer_;
};
inline Task<void> sleep_for(Loop::Clock::duration time) {
  Loop& loop = co_await this_loop();
  co_await sleep_until(loop.now() + time);
}

// A value that arrives once, from the loop thread or from another. Shared by two owners: the side that waits and the
// side that delivers; when the waiting side leaves, a delivery does nothing.
template <class T>
class Arrival {
  struct State {
    std::optional<T> value;
    std::exception_ptr failure;
    Loop* loop = nullptr;
    Wakeup* waiter = nullptr;
    void arrive(std::optional<T> v, std::exception_ptr f) {
      if (value || failure) return;
      value = std::move(v);
      failure = std::move(f);
      if (waiter) loop->ready(*waiter);
    }
  };

 public:
  // On the loop thread. A second delivery is ignored.
  void deliver(T value) const { state_->arrive(std::move(value), nullptr); }
  void fail(std::exception_ptr why) const { state_->arrive(std::nullopt, std::move(why)); }
  bool arrived() const { return state_->value || state_->failure; }

  class Awaiter {
   public:
    explicit Awaiter(const Arrival& arrival) : state_(arrival.state_) {}
    Awaiter(const Awaiter&) = delete;
    ~Awaiter() { state_->waiter = nullptr; }
    bool await_ready() const noexcept { return state_->value || state_->failure; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> self) {
      wakeup_.set(detail::resume, self.address());
      state_->loop = &self.promise().loop();
      state_->waiter = &wakeup_;
    }
    T await_resume() {
      if (state_->failure) std::rethrow_exception(state_->failure);
      return std::move(*state_->value);
    }

   private:
    std::shared_ptr<State> state_;
    Wakeup wakeup_;
  };
  Awaiter operator co_await() const { return Awaiter(*this); }

 private:
  std::shared_ptr<State> state_ = std::make_shared<State>();  // owners: the waiting frame and the deliverer
};

// Results in the order in which they finish. A task that fails loses its place only; when all have failed, the first
// failure is thrown. Tasks start at the next `next()`. Leaving the stream cancels the tasks still running.
//
//   Stream<Sample> samples;
//   for (int i = 0; i < 8; ++i) samples.add(draw(*trunk, i));
//   while (std::optional<Sample> sample = co_await samples.next()) ...
template <class T>
class Stream {
 public:
  Stream() = default;
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;

  void add(Task<T> task) { children_.push_back(std::make_unique<Child>(*state_, std::move(task))); }
  int pending() const { return static_cast<int>(children_.size()); }  // added and not yet returned by next()
  void cancel() { state_->finished.clear(), children_.clear(); }

  Task<std::optional<T>> next() {
    Loop& loop = co_await this_loop();
    while (!children_.empty()) {
      for (size_t i = 0; i < children_.size(); ++i) children_[i]->start(loop);
      if (state_->finished.empty()) co_await Change{*state_};
      Child* child = state_->finished.front();
      state_->finished.erase(state_->finished.begin());
      std::unique_ptr<Child> owner = remove(child);
      try {
        T value = owner->task.take();
        state_->succeeded = true;
        co_return std::optional<T>(std::move(value));
      } catch (...) {
        if (!state_->first_failure) state_->first_failure = std::current_exception();
      }
    }
    if (!state_->succeeded && state_->first_failure)
      std::rethrow_exception(std::exchange(state_->first_failure, nullptr));
    co_return std::nullopt;
  }

 private:
  struct Child;
  struct State {
    std::vector<Child*> finished;  // few at a time
    Loop* loop = nullptr;
    Wakeup* waiter = nullptr;
    std::exception_ptr first_failure;
    bool succeeded = false;
  };
  struct Child {
    Child(State& s, Task<T> t) : state(&s), task(std::move(t)) { wakeup.set(finish, this); }
    void start(Loop& loop) {
      if (std::exchange(started, true)) return;
      task.start(loop, wakeup);
    }
    static void finish(void* self) noexcept {
      Child* child = static_cast<Child*>(self);
      child->state->finished.push_back(child);
      if (child->state->waiter) child->state->loop->ready(*child->state->waiter);
    }
    State* state;
    Wakeup wakeup;
    Task<T> task;
    bool started = false;
  };
  struct Change {
    State& state;
    Wakeup wakeup{};
    ~Change() { state.waiter = nullptr; }
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> self) {
      wakeup.set(detail::resume, self.address());
      state.loop = &self.promise().loop();
      state.waiter = &wakeup;
    }
    void await_resume() {}
  };
  std::unique_ptr<Child> remove(Child* child) {
    for (auto& entry : children_)
      if (entry.get() == child) {
        std::unique_ptr<Child> owner = std::move(entry);
        children_.erase(children_.begin() + (&entry - children_.data()));
        return owner;
      }
    return nullptr;
  }
  std::unique_ptr<State> state_ = std::make_unique<State>();
  std::vector<std::unique_ptr<Child>> children_;
};

namespace detail {
template <class T>
struct Outcome {
  std::optional<T> value;
  std::exception_ptr failure;
};
template <class T>
Task<std::pair<size_t, Outcome<T>>> caught(size_t index, Task<T> task) {
  std::pair<size_t, Outcome<T>> result{index, {}};
  try {
    result.second.value.emplace(co_await std::move(task));
  } catch (...) {
    result.second.failure = std::current_exception();
  }
  co_return result;
}
template <class T>
Task<std::optional<T>> some(Task<T> task) {
  T value = co_await std::move(task);
  co_return std::optional<T>(std::move(value));
}
template <class T>
Task<std::optional<T>> none_after(Loop::Clock::duration limit) {
  co_await sleep_for(limit);
  co_return std::nullopt;
}
}  // namespace detail

// All results, in the order of the tasks. The first failure cancels the rest and is thrown.
template <class T>
Task<std::vector<T>> all(std::vector<Task<T>> tasks) {
  std::vector<std::optional<T>> results(tasks.size());
  Stream<std::pair<size_t, detail::Outcome<T>>> stream;
  for (size_t i = 0; i < tasks.size(); ++i) stream.add(detail::caught(i, std::move(tasks[i])));
  while (auto next = co_await stream.next()) {
    if (next->second.failure) std::rethrow_exception(next->second.failure);
    results[next->first] = std::move(next->second.value);
  }
  std::vector<T> values;
  values.reserve(results.size());
  for (auto& result : results) values.push_back(std::move(*result));
  co_return values;
}

// The task's value, or nothing when `limit` passes first (the task is then cancelled). Its failure is thrown.
template <class T>
Task<std::optional<T>> within(Loop::Clock::duration limit, Task<T> task) {
  Stream<std::pair<size_t, detail::Outcome<std::optional<T>>>> race;
  race.add(detail::caught(0, detail::some(std::move(task))));
  race.add(detail::caught(1, detail::none_after<T>(limit)));
  auto first = co_await race.next();
  if (first->second.failure) std::rethrow_exception(first->second.failure);
  co_return std::move(*first->second.value);
}

// Runs `fn` (no coroutine, owns all it needs) on a worker thread and returns its value. Dropping the task does not stop
// `fn`; its value is then thrown away.
template <class Fn, class T = std::invoke_result_t<Fn>>
Task<T> on_pool(Fn fn) {
  Loop& loop = co_await this_loop();
  Arrival<T> arrival;
  auto cell = std::make_shared<detail::Outcome<T>>();  // owners: the worker, then the delivery on the loop
  loop.offload(
      [cell, fn = std::move(fn)]() mutable {
        try {
          cell->value.emplace(fn());
        } catch (...) {
          cell->failure = std::current_exception();
        }
      },
      [cell, arrival] {
        if (cell->failure) arrival.fail(std::move(cell->failure));  // the worker keeps no share in it
        else arrival.deliver(std::move(*cell->value));
      });
  co_return co_await arrival;
}

}  // namespace reckon
