#include "store/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <system_error>
#include <thread>

#include "base/asio_loop.h"
#include "store/database.h"

#include <reckon/error.h>

namespace {
std::atomic<int> log_syncs = 0;
std::atomic<bool> disk_fails = false;
}  // namespace

// SQLite's calls come by here.
extern "C" int fdatasync(int file) {
  std::error_code none;
  auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), none).string();
  if (path.ends_with("-wal")) ++log_syncs, log_syncs.notify_all();
  if (disk_fails) return errno = EIO, -1;
  return static_cast<int>(syscall(SYS_fdatasync, file));
}

namespace reckon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() { fs::remove_all(folder_); }
  ~LedgerTest() override { fs::remove_all(folder_); }
  static LedgerEntry entry(const std::string& model, const std::string& strategy, int64_t unix_ms) {
    return {.command = "solve",
            .question = "q",
            .receipt = {.model = model,
                        .strategy = strategy,
                        .seed = ~uint64_t{0},
                        .usage = {.prompt = 10, .selected = 5, .discarded = 3, .flops = 1e9},
                        .seconds = 0.5},
            .unix_ms = unix_ms};
  }
  static std::string error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::environment) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }
  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      ("reckon-" + std::to_string(getpid()) + testing::UnitTest::GetInstance()->current_test_info()->name());
  const std::string path_ = (folder_ / "sub" / "reckon.db").string();
};

TEST_F(LedgerTest, SumsRunsByModelStrategyAndDay) {
  Ledger ledger(path_);
  constexpr int64_t kDay = 86'400'000;
  ledger.append(entry("a", "single", 0));
  ledger.append(entry("a", "adaptive", kDay));
  LedgerEntry measured = entry("b", "adaptive", kDay + 1);
  measured.receipt.joules = 7.5;
  ledger.append(measured);

  std::vector<LedgerTotal> models = ledger.totals(Ledger::By::model);
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[0].group, "a");
  EXPECT_EQ(models[0].runs, 2);
  EXPECT_EQ(models[0].usage.computed(), 36);
  EXPECT_DOUBLE_EQ(models[0].usage.flops, 2e9);
  EXPECT_EQ(models[0].runs_with_joules, 0);
  EXPECT_DOUBLE_EQ(models[1].joules, 7.5);
  EXPECT_EQ(ledger.totals(Ledger::By::strategy).size(), 2u);
  EXPECT_EQ(ledger.totals(Ledger::By::day)[1].group, "1970-01-02");
  EXPECT_EQ(ledger.totals(Ledger::By::day, kDay).size(), 1u);
}

TEST_F(LedgerTest, RunsAreSummedByTheKeyThatAskedAlsoThoseOfAFileBeforeThereWereKeys) {
  {
    Ledger ledger(path_);
    ledger.append(entry("a", "single", 1));
  }
  {  // as the first version left it
    Database old(path_, {"", ""});
    old.execute("DROP INDEX runs_by_key");
    old.execute("ALTER TABLE runs DROP COLUMN key");
    old.execute("PRAGMA user_version = 1");
  }
  Ledger ledger(path_);
  LedgerEntry asked = entry("a", "single", 2);
  asked.key = "team";
  ledger.append(asked);
  std::vector<LedgerTotal> keys = ledger.totals(Ledger::By::key);
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].group, "");
  EXPECT_EQ(keys[1].group, "team");
  EXPECT_EQ(keys[1].runs, 1);
  EXPECT_EQ(ledger.spent("team", 0), 18);
  EXPECT_EQ(ledger.spent("team", 3), 0);
  EXPECT_EQ(ledger.spent("nobody", 0), 0);
}

TEST_F(LedgerTest, AFileThatIsNotThereHasNoTotalsAndIsNotMade) {
  EXPECT_TRUE(Ledger::totals(path_, Ledger::By::day).empty());
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(LedgerTest, AnAcknowledgedRowSurvives) {
  {
    Ledger(path_).append(entry("a", "single", 1));
  }
  EXPECT_EQ(Ledger(path_).totals(Ledger::By::model)[0].runs, 1);
}

TEST_F(LedgerTest, ARowIsSyncedBeforeItIsAcknowledgedUnlessItMayWait) {
  {
    Ledger ledger(path_);
    for (int i = 0; i < 5; ++i) {
      int before = log_syncs;
      ledger.append(entry("a", "single", 1));
      EXPECT_EQ(log_syncs, before + 1);
    }
  }
  Ledger ledger(path_, std::chrono::hours(1));
  ledger.append(entry("a", "single", 1));  // begins a new log
  int before = log_syncs;
  for (int i = 0; i < 5; ++i) ledger.append(entry("a", "single", 1));
  EXPECT_EQ(log_syncs, before);
  EXPECT_EQ(ledger.totals(Ledger::By::model)[0].runs, 11) << "committed all the same";
  ledger.close();
  EXPECT_GT(log_syncs, before);
}

TEST_F(LedgerTest, ARowThatMayWaitIsSyncedWhenItsTimeIsOver) {
  Ledger ledger(path_, std::chrono::milliseconds(1));
  for (int i = 0; i < 5; ++i) {
    int before = log_syncs;
    ledger.append(entry("a", "single", 1));
    log_syncs.wait(before);
  }
}

TEST_F(LedgerTest, ASyncThatFailsFailsTheNextRowOrTheEnd) {
  Ledger ledger(path_, std::chrono::milliseconds(1));
  disk_fails = true;
  int before = log_syncs;
  ledger.append(entry("a", "single", 1));
  log_syncs.wait(before);
  EXPECT_THAT(error_of([&] { ledger.append(entry("a", "single", 2)); }), HasSubstr("check the disk"));
  before = log_syncs;
  ledger.append(entry("a", "single", 3));
  log_syncs.wait(before);
  EXPECT_THAT(error_of([&] { ledger.close(); }), HasSubstr("check the disk"));
  disk_fails = false;
  EXPECT_EQ(ledger.totals(Ledger::By::model)[0].runs, 2) << "without the one that was refused";
}

TEST_F(LedgerTest, ManyThreadsAppendWithoutLosingARow) {
  Ledger ledger(path_);
  std::atomic<int> acknowledged = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i)
        ledger.append(entry("a", "single", i), [&](const Ledger::Failure& failure) { acknowledged += !failure; });
    });
  for (std::thread& thread : threads) thread.join();
  ledger.append(entry("a", "single", 0));  // written after all the others
  EXPECT_EQ(acknowledged, 200);
  EXPECT_EQ(ledger.totals(Ledger::By::model)[0].runs, 201);
}

TEST_F(LedgerTest, TwoProcessesShareTheFile) {
  Ledger one(path_), two(path_);
  for (int i = 0; i < 20; ++i) one.append(entry("a", "single", i)), two.append(entry("b", "single", i));
  EXPECT_EQ(one.totals(Ledger::By::model).size(), 2u);
}

TEST_F(LedgerTest, TheLoopWaitsForTheDiskWithoutBlocking) {
  Ledger ledger(path_);
  AsioLoop loop;
  loop.run(ledger.append_async(entry("a", "single", 1)));
  EXPECT_EQ(ledger.totals(Ledger::By::model)[0].runs, 1);
}

TEST_F(LedgerTest, AFolderThatCannotBeMadeIsSaid) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "sub") << "a file";
  EXPECT_THAT(error_of([&] { Ledger ledger(path_); }), HasSubstr("cannot create the folder"));
}

TEST_F(LedgerTest, AFolderInPlaceOfTheFileIsSaid) {
  fs::create_directories(path_);
  EXPECT_THAT(error_of([&] { Ledger ledger(path_); }), HasSubstr("cannot be written"));
}

TEST_F(LedgerTest, WhatIsNoDatabaseIsLeftAlone) {
  fs::create_directories(fs::path(path_).parent_path());
  std::ofstream(path_) << std::string(8192, 'x');
  EXPECT_THAT(error_of([&] { Ledger ledger(path_); }), HasSubstr("no database of Reckon"));
  EXPECT_EQ(fs::file_size(path_), 8192u);
}

TEST_F(LedgerTest, AFileOfANewerReckonIsRefused) {
  {
    Database newer(path_, std::vector<std::string>(99, ""));
  }
  EXPECT_THAT(error_of([&] { Ledger ledger(path_); }), HasSubstr("newer Reckon"));
}

TEST_F(LedgerTest, AFullDiskFailsTheWholeTransactionAndNothingElse) {
  Database database(path_, {"CREATE TABLE t (x TEXT) STRICT"});
  database.execute("PRAGMA max_page_count = 10");
  std::string error = error_of([&] {
    database.transaction([&] {
      for (int i = 0; i < 1000; ++i) database.prepare("INSERT INTO t VALUES (?)").bind(std::string(1000, 'x')).step();
    });
  });
  EXPECT_THAT(error, HasSubstr("is full; free some space"));
  database.execute("PRAGMA max_page_count = 1000");
  Statement rows = database.prepare("SELECT count(*) FROM t");
  rows.step();
  EXPECT_EQ(rows.integer(0), 0);
}

TEST_F(LedgerTest, MigrationsRunOnceAndInOrder) {
  {
    Database first(path_, {"CREATE TABLE a (x)"});
  }
  Database second(path_, {"CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y"});
  Statement columns = second.prepare("SELECT count(*) FROM pragma_table_info('a')");
  columns.step();
  EXPECT_EQ(columns.integer(0), 2);
}

}  // namespace
}  // namespace reckon
