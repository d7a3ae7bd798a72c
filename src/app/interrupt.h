#pragma once
#include <memory>
#include <vector>

#include "base/asio_loop.h"

#include <reckon/budget.h>

namespace reckon {

// Ctrl-C and SIGTERM: the first halts every watched account, so that runs end by themselves with what they have and a
// true receipt; the second ends the process at once, and so does the first where no run has started, since nothing was
// spent. Exit code 130 either way. Signals are seen while the loop runs.
class Interrupt {
 public:
  explicit Interrupt(AsioLoop& loop);
  ~Interrupt();
  void watch(const std::shared_ptr<Account>& account);
  bool happened() const { return happened_; }

 private:
  struct Signals;
  void wait();
  bool happened_ = false;
  bool spending_ = false;  // a run has started
  std::vector<std::weak_ptr<Account>> accounts_;
  std::unique_ptr<Signals> signals_;
};

}  // namespace reckon
