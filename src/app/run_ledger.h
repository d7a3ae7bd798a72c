#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "store/ledger.h"

namespace reckon {

// The ledger as a command uses it. Opened before anything is computed, so that a run that could not be entered is not
// started; written in the background.
class RunLedger {
 public:
  explicit RunLedger(std::string command);  // throws Error{environment}
  // Enters a run that has ended; gives the receipt its id.
  void add(const std::string& question, Receipt& receipt);
  void close();  // waits for the disk; throws what went wrong since the start

 private:
  const std::string command_;
  int runs_ = 0;
  std::mutex mutex_;  // guards failure_
  Ledger::Failure failure_;
  std::unique_ptr<Ledger> ledger_;  // last: its writer uses the rest until it is gone
};

}  // namespace reckon
