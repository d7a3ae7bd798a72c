#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <reckon/receipt.h>
#include <reckon/task.h>

namespace reckon {

class Database;

// One run as the ledger keeps it.
struct LedgerEntry {
  std::string command;   // solve, eval, serve
  std::string question;  // its id; never its text
  Receipt receipt;
  int64_t unix_ms = 0;  // when it ended
  std::string key{};    // name of the API key that asked; empty: none
};

// Sums over runs of one group.
struct LedgerTotal {
  std::string group;
  int64_t runs = 0;
  Usage usage;
  double seconds = 0, cpu_seconds = 0;
  double joules = 0;  // of the runs where energy could be read
  int64_t runs_with_joules = 0;
};

// What every run has cost, in $XDG_DATA_HOME/reckon/reckon.db. One writer thread: rows that arrive while it writes
// share the next transaction. Any thread may append and read. docs/adr/0007-ledger-durability.md says what survives
// what.
class Ledger {
 public:
  static std::string standard_path();
  // A power cut loses the rows of at most the last `unsynced`; 0: none. Throws Error{environment} when the file cannot
  // be written.
  explicit Ledger(std::string path = standard_path(), std::chrono::milliseconds unsynced = {});
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  ~Ledger();     // close(), without a word about what went wrong
  void close();  // writes and syncs what has been appended, then takes no more; throws what the last sync failed with

  // The row is committed when `done` is called, on the writer thread, with nothing; or it is not in the ledger at all
  // and `done` gets the reason, which may be that an earlier sync failed. Throws Error{overloaded} when 4,096 rows
  // wait.
  using Failure = std::optional<std::string>;  // a sentence; an exception would be shared by threads
  using Done = std::function<void(const Failure&)>;
  void append(LedgerEntry entry, Done done);
  void append(LedgerEntry entry);              // waits; throws Error{environment} with the reason
  Task<void> append_async(LedgerEntry entry);  // the same for the loop thread

  enum class By { key, model, strategy, day };  // day: YYYY-MM-DD, UTC
  // Reads the file as it is; one that is not there has no totals.
  static std::vector<LedgerTotal> totals(const std::string& path, By by, int64_t since_unix_ms = 0);
  // Tokens computed for an API key since then.
  int64_t spent(const std::string& key, int64_t since_unix_ms) const;
  std::vector<LedgerTotal> totals(By by, int64_t since_unix_ms = 0) const { return totals(path_, by, since_unix_ms); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    LedgerEntry entry;
    Done done;
  };
  void write(Database& database);  // the writer thread
  std::vector<Waiting> next(std::optional<Clock::time_point> until);
  static void insert(Database& database, const LedgerEntry& entry);
  bool put(LedgerEntry entry, Done done);  // true: no other row waits

  const std::string path_;
  const std::chrono::milliseconds unsynced_;
  Failure failure_;   // of the last sync; the writer's until it has ended
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Waiting> waiting_;
  bool closing_ = false;
  std::thread writer_;
};

}  // namespace reckon
