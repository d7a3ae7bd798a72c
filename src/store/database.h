#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace reckon {

// One prepared statement, being bound and stepped. Made by Database::prepare(); ready for its next use when it goes.
class Statement {
 public:
  Statement(sqlite3_stmt* statement, const std::string& path) : statement_(statement), path_(path) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Parameters in order, from the first.
  Statement& bind(int64_t value);
  Statement& bind(double value);
  Statement& bind(std::string_view value);
  Statement& bind(std::optional<double> value);  // none: NULL
  bool step();                                   // true: there is a row
  // Columns from 0.
  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;

 private:
  void check(int code) const;
  sqlite3_stmt* statement_;
  const std::string& path_;
  int next_ = 1;
};

// One connection to an SQLite file, for one thread. In WAL mode: readers do not wait for the writer. A committed
// transaction survives the death of the process, and a power cut, too, unless sync_later() was called. Errors throw
// Error{environment} with one sentence about the file and what to do.
class Database {
 public:
  // Creates the file and its folder if need be and brings its schema up to date: `migrations`[i] takes version i to
  // i + 1. A file that a newer Reckon wrote is refused.
  Database(std::string path, const std::vector<std::string>& migrations);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // The same text is compiled once; one use at a time.
  Statement prepare(std::string_view sql);
  void execute(const std::string& sql);
  void transaction(const std::function<void()>& work);  // all or nothing
  // From now on a commit is only handed to the kernel; sync() puts all of them on the disk.
  void sync_later();
  void sync();
  const std::string& path() const { return path_; }

 private:
  void migrate(const std::vector<std::string>& migrations);
  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
  std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>, std::less<>> statements_;
};

}  // namespace reckon
