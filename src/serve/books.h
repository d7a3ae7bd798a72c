#pragma once
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "base/meters.h"
#include "serve/metrics.h"
#include "serve/quota.h"
#include "store/ledger.h"

#include <reckon/task.h>

namespace reckon {

struct BooksOptions {
  // Puts a row on the disk, or fails with the reason. Empty: there is no ledger.
  std::function<Task<void>(LedgerEntry)> ledger;
  std::function<int64_t()> unix_ms = unix_milliseconds;  // the calendar's time
  // Tokens that a key has spent since then, as the ledger has it.
  std::function<int64_t(const std::string& key, int64_t since_unix_ms)> spent;
  // Told what must not be lost and has nowhere else to go: the receipt of a row that the ledger refused.
  std::function<void(const std::string&)> report = [](const std::string&) {};
};

// Keeps account of every request from its start until its row is in the ledger, also when its client left long before.
// Loop thread; outlives the requests.
class Books {
 public:
  Books(Loop& loop, BooksOptions options, Metrics& metrics);

  // One request. Dropped before close() or fail(), it goes on without its client: what its branches had computed is
  // counted and entered when the last one has ended.
  class Page {
   public:
    Page(Books& books, const std::string& id, std::string key);
    Page(const Page&) = delete;
    ~Page();
    // Holds back `most` tokens of the key's budget, or what is left of it; returns how many. Throws
    // Refusal{overloaded} when less than `least` is left.
    int64_t hold(const KeyRules& rules, int64_t least, int64_t most);
    // It runs now. `draft` has model, engine, strategy, seed and budget.
    void start(std::shared_ptr<Account> account, Receipt draft);
    // Enters what it cost. Throws Refusal{environment} when that could not be written.
    Task<void> close(Receipt receipt);
    Task<void> fail(std::string why);  // the same, of a run without a result

   private:
    friend class Books;
    struct State {
      std::string id, key;
      std::shared_ptr<Account> account;  // owners: the run, its branches, and here until it is settled
      Receipt draft;
      Quota::Hold hold;
      Loop::Time start;
      double cpu = 0;
    };
    Books& books_;
    const std::string id_;
    State state_;
    bool closed_ = false;
  };

  Metrics& metrics() { return metrics_; }
  // Throws Refusal{model_unavailable} for a while after the ledger refused a row: what cannot be entered is not
  // started.
  void check() const;
  bool finish_now(const std::string& id);  // ends a running request with what it has; false: there is none
  // JSON of a request that this key asked; empty: unknown.
  std::string state(const std::string& id, const std::string& key) const;
  std::vector<std::string> live(const std::string& key) const;  // ids of those that wait or run
  Task<void> settled();                                         // nothing is left to enter

 private:
  struct Job {
    std::list<Job>* jobs;
    std::list<Job>::iterator place{};
    Wakeup ended{};
    std::optional<Task<void>> task{};
  };
  void go_on(Task<void> task);  // without anybody who waits
  static Task<void> settle(Books& books, Page::State state, std::string why, Arrival<bool> entered);
  Task<void> enter(std::string key, Receipt receipt);
  static Task<void> write(Books& books, LedgerEntry entry, Arrival<bool> written);

  Loop& loop_;
  const BooksOptions options_;
  Metrics& metrics_;
  Quota quota_;
  std::map<std::string, Page*> live_;
  struct Finished {
    std::string id, key;
    Receipt receipt;
  };
  std::deque<Finished> finished_;
  std::list<Job> jobs_;
  std::optional<Loop::Time> refused_until_;
};

}  // namespace reckon
