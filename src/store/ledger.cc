#include "store/ledger.h"

#include <boost/json.hpp>
#include <filesystem>
#include <future>
#include <memory>
#include <utility>

#include "base/paths.h"
#include "store/database.h"

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr size_t kMostWaiting = 4096;

// Migration i takes a file of version i to i + 1. Never edited once released, only added to.
const std::vector<std::string>& migrations() {
  static const std::vector<std::string> list{
      R"sql(
      CREATE TABLE runs (
        sequence INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        unix_ms INTEGER NOT NULL,
        command TEXT NOT NULL,
        question TEXT NOT NULL,
        model TEXT NOT NULL,
        engine TEXT NOT NULL,
        strategy TEXT NOT NULL,
        seed INTEGER NOT NULL, -- the bits of an unsigned number
        budget TEXT NOT NULL,
        prompt INTEGER NOT NULL,
        cached INTEGER NOT NULL,
        selected INTEGER NOT NULL,
        discarded INTEGER NOT NULL,
        verifier INTEGER NOT NULL,
        probe INTEGER NOT NULL,
        flops REAL NOT NULL,
        samples INTEGER NOT NULL,
        finished INTEGER NOT NULL,
        stop_reason TEXT NOT NULL,
        seconds REAL NOT NULL,
        cpu_seconds REAL NOT NULL,
        joules REAL, -- NULL: could not be read
        notes TEXT NOT NULL -- a JSON array
      ) STRICT;
      CREATE INDEX runs_by_time ON runs (unix_ms);
      )sql",
      "ALTER TABLE runs ADD COLUMN key TEXT NOT NULL DEFAULT ''; CREATE INDEX runs_by_key ON runs (key, unix_ms);",
  };
  return list;
}

std::string_view column(Ledger::By by) {
  switch (by) {
    case Ledger::By::key: return "key";
    case Ledger::By::model: return "model";
    case Ledger::By::strategy: return "strategy";
    case Ledger::By::day: return "date(unix_ms / 1000, 'unixepoch')";
  }
  return "";
}

void check(const std::optional<std::string>& failure) {
  if (failure) throw Error(Code::environment, *failure);
}

}  // namespace

std::string Ledger::standard_path() { return (data_folder() / "reckon.db").string(); }

Ledger::Ledger(std::string path, std::chrono::milliseconds unsynced) : path_(std::move(path)), unsynced_(unsynced) {
  // Opened here, so that what is wrong with the file is known at once; used by the writer only.
  auto database = std::make_unique<Database>(path_, migrations());
  if (unsynced_.count() > 0) database->sync_later();
  writer_ = std::thread([this, database = std::move(database)]() mutable { write(*database); });
}

Ledger::~Ledger() {
  try {
    close();
  } catch (const Error&) {  // close() is for who wants to know
  }
}

void Ledger::close() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  if (writer_.joinable()) writer_.join();
  check(std::exchange(failure_, {}));
}

void Ledger::write(Database& database) {
  std::optional<Clock::time_point> due;  // the next sync; none: nothing waits for one
  auto sync = [&] {
    due.reset();
    try {
      database.sync();
    } catch (const Error& error) {
      failure_ = error.what();
    }
  };
  bool open = true;
  while (open) {
    std::vector<Waiting> batch = next(due);
    open = !batch.empty() || due;
    // Nobody who was told of a row that may be lost can be told so now; the next ones are.
    Failure failure = batch.empty() ? Failure() : std::exchange(failure_, {});
    if (!failure && !batch.empty()) {
      Clock::time_point now = Clock::now();
      try {
        database.transaction([&] {
          for (const Waiting& row : batch) insert(database, row.entry);
        });
        if (!due && unsynced_.count() > 0) due = now + unsynced_;
      } catch (const std::exception& error) {
        failure = error.what();
      }
    }
    for (const Waiting& row : batch)
      if (row.done) row.done(failure);
    if (due && (batch.empty() || Clock::now() >= *due)) sync();
  }
}

// What waits; nothing: it is time, or the end.
std::vector<Ledger::Waiting> Ledger::next(std::optional<Clock::time_point> until) {
  std::unique_lock lock(mutex_);
  auto called = [this] { return closing_ || !waiting_.empty(); };
  if (until) changed_.wait_until(lock, *until, called);
  else changed_.wait(lock, called);
  return std::exchange(waiting_, {});
}

bool Ledger::put(LedgerEntry entry, Done done) {
  std::lock_guard lock(mutex_);
  if (waiting_.size() >= kMostWaiting)
    throw Error(Code::overloaded, "too many runs wait to be written to the ledger; the disk cannot keep up");
  waiting_.push_back({std::move(entry), std::move(done)});
  return waiting_.size() == 1;
}

void Ledger::append(LedgerEntry entry, Done done) {
  put(std::move(entry), std::move(done));
  changed_.notify_one();
}

void Ledger::append(LedgerEntry entry) {
  std::promise<Failure> written;
  append(std::move(entry), [&](const Failure& failure) { written.set_value(failure); });
  check(written.get_future().get());
}

// The writer is woken when the loop's turn is over, so that the rows of requests that end together share a transaction.
Task<void> Ledger::append_async(LedgerEntry entry) {
  Loop& loop = co_await this_loop();
  Arrival<Failure> arrival;
  bool first = put(std::move(entry), [&loop, arrival](const Failure& failure) {
    loop.post([arrival, failure] { arrival.deliver(failure); });
  });
  if (first) loop.post([this] { changed_.notify_one(); });
  check(co_await arrival);
}

void Ledger::insert(Database& database, const LedgerEntry& entry) {
  const Receipt& r = entry.receipt;
  boost::json::array notes;
  for (const std::string& note : r.notes) notes.emplace_back(note);
  database
      .prepare(
          "INSERT INTO runs (id, unix_ms, command, question, model, engine, strategy, seed, budget, prompt, cached, "
          "selected, discarded, verifier, probe, flops, samples, finished, stop_reason, seconds, cpu_seconds, "
          "joules, notes, key) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .bind(r.id)
      .bind(entry.unix_ms)
      .bind(entry.command)
      .bind(entry.question)
      .bind(r.model)
      .bind(r.engine)
      .bind(r.strategy)
      .bind(static_cast<int64_t>(r.seed))
      .bind(to_string(r.budget))
      .bind(r.usage.prompt)
      .bind(r.usage.cached)
      .bind(r.usage.selected)
      .bind(r.usage.discarded)
      .bind(r.usage.verifier)
      .bind(r.usage.probe)
      .bind(r.usage.flops)
      .bind(int64_t{r.samples})
      .bind(int64_t{r.finished})
      .bind(r.stop_reason)
      .bind(r.seconds)
      .bind(r.cpu_seconds)
      .bind(r.joules)
      .bind(boost::json::serialize(notes))
      .bind(entry.key)
      .step();
}

std::vector<LedgerTotal> Ledger::totals(const std::string& path, By by, int64_t since_unix_ms) {
  std::vector<LedgerTotal> totals;
  if (!std::filesystem::exists(path)) return totals;
  Database database(path, migrations());
  Statement rows = database.prepare(
      "SELECT " + std::string(column(by)) +
      " AS part, count(*), sum(prompt), sum(cached), sum(selected), sum(discarded), sum(verifier), sum(probe), "
      "sum(flops), sum(seconds), sum(cpu_seconds), total(joules), count(joules) "
      "FROM runs WHERE unix_ms >= ? GROUP BY part ORDER BY part");
  rows.bind(since_unix_ms);
  while (rows.step())
    totals.push_back({.group = rows.text(0),
                      .runs = rows.integer(1),
                      .usage = {.prompt = rows.integer(2),
                                .cached = rows.integer(3),
                                .selected = rows.integer(4),
                                .discarded = rows.integer(5),
                                .verifier = rows.integer(6),
                                .probe = rows.integer(7),
                                .flops = rows.real(8)},
                      .seconds = rows.real(9),
                      .cpu_seconds = rows.real(10),
                      .joules = rows.real(11),
                      .runs_with_joules = rows.integer(12)});
  return totals;
}

int64_t Ledger::spent(const std::string& key, int64_t since_unix_ms) const {
  Database database(path_, migrations());
  Statement row = database.prepare(
      "SELECT coalesce(sum(prompt + selected + discarded + verifier + probe), 0) FROM runs WHERE key = ? AND unix_ms "
      ">= ?");
  row.bind(key).bind(since_unix_ms).step();
  return row.integer(0);
}

}  // namespace reckon
