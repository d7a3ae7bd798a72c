#pragma once
#include <functional>
#include <memory>

#include <reckon/loop.h>
#include <reckon/task.h>

namespace boost::asio {
class io_context;
}

namespace reckon {

// The real loop: one boost::asio::io_context run by the thread that calls run(), and a small pool for offloaded work.
class AsioLoop : public Loop {
 public:
  explicit AsioLoop(int workers = 1);
  ~AsioLoop() override;

  Time now() const override { return Clock::now(); }
  void post(std::function<void()> work) override;
  void offload(std::function<void()> work, std::function<void()> done) override;

  // Runs the loop until the task is done; its failure is thrown.
  template <class T>
  T run(Task<T> task) {
    Wakeup finished([](void*) noexcept {}, nullptr);
    task.start(*this, finished);
    run_until([&] { return task.done(); });
    return task.take();
  }
  void run_until(const std::function<bool()>& done);

  boost::asio::io_context& context();  // for sockets and signals of the rooms that need them

 private:
  struct Asio;
  void turn();
  std::unique_ptr<Asio> asio_;
};

}  // namespace reckon
