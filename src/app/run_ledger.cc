#include "app/run_ledger.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "base/meters.h"

#include <reckon/error.h>

namespace reckon {

RunLedger::RunLedger(std::string command) : command_(std::move(command)), ledger_(std::make_unique<Ledger>()) {}

void RunLedger::add(const std::string& question, Receipt& receipt) {
  int64_t now = unix_milliseconds();
  receipt.id = fmt::format("{:x}-{:x}-{}", now, getpid(), ++runs_);
  ledger_->append({.command = command_, .question = question, .receipt = receipt, .unix_ms = now},
                  [this](const Ledger::Failure& failure) {
                    std::lock_guard lock(mutex_);
                    if (failure && !failure_) failure_ = failure;
                  });
}

void RunLedger::close() {
  ledger_.reset();
  if (failure_) throw Error(Code::environment, *failure_);
}

}  // namespace reckon
