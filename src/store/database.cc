#include "store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <utility>

#include "base/paths.h"

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr int kBusyMilliseconds = 10'000;

[[noreturn]] void fail(const std::string& path, int code, const char* message) {
  switch (code & 0xff) {
    case SQLITE_FULL: throw Error(Code::environment, fmt::format("the disk of {} is full; free some space", path));
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      throw Error(Code::environment,
                  fmt::format("{} cannot be written; give permission, or set XDG_DATA_HOME to another folder", path));
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      throw Error(Code::environment, fmt::format("{} is damaged or no database of Reckon; move it away", path));
    case SQLITE_BUSY:
    case SQLITE_LOCKED: throw Error(Code::environment, fmt::format("{} is in use by another process; try again", path));
    case SQLITE_IOERR:
      throw Error(Code::environment, fmt::format("{} cannot be read or written ({}); check the disk", path, message));
    default: throw Error(Code::internal, fmt::format("{}: {}", path, message));
  }
}

}  // namespace

Statement::~Statement() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) fail(path_, code, sqlite3_errstr(code));
}
Statement& Statement::bind(int64_t value) {
  check(sqlite3_bind_int64(statement_, next_++, value));
  return *this;
}
Statement& Statement::bind(double value) {
  check(sqlite3_bind_double(statement_, next_++, value));
  return *this;
}
Statement& Statement::bind(std::string_view value) {
  check(sqlite3_bind_text64(statement_, next_++, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}
Statement& Statement::bind(std::optional<double> value) {
  if (value) return bind(*value);
  check(sqlite3_bind_null(statement_, next_++));
  return *this;
}
bool Statement::step() {
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(path_, code, sqlite3_errmsg(sqlite3_db_handle(statement_)));
  return false;
}
int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }
std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text ? std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : "";
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close(database); }
void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::Database(std::string path, const std::vector<std::string>& migrations) : path_(std::move(path)) {
  make_folder(std::filesystem::path(path_).parent_path());
  sqlite3* opened = nullptr;
  int code = sqlite3_open_v2(path_.c_str(), &opened,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                             nullptr);
  database_.reset(opened);
  if (code != SQLITE_OK) fail(path_, code, sqlite3_errstr(code));
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
  execute("PRAGMA journal_mode = WAL");
  execute("PRAGMA synchronous = FULL");  // a commit is on the disk when it returns; see sync_later()
  execute("PRAGMA foreign_keys = ON");
  migrate(migrations);
}

Database::~Database() = default;

void Database::migrate(const std::vector<std::string>& migrations) {
  auto version = [&] {
    Statement statement = prepare("PRAGMA user_version");
    statement.step();
    return static_cast<size_t>(statement.integer(0));
  };
  if (version() == migrations.size()) return;
  transaction([&] {  // the version again: another process may have been faster
    size_t now = version();
    if (now > migrations.size())
      throw Error(Code::environment,
                  fmt::format("{} was written by a newer Reckon (its schema is {}, this one knows {}); update Reckon",
                              path_, now, migrations.size()));
    for (; now < migrations.size(); ++now) execute(migrations[now]);
    execute(fmt::format("PRAGMA user_version = {}", migrations.size()));
  });
}

Statement Database::prepare(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    sqlite3_stmt* compiled = nullptr;
    int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                  &compiled, nullptr);
    if (code != SQLITE_OK) fail(path_, code, sqlite3_errmsg(database_.get()));
    found = statements_.emplace(sql, compiled).first;
  }
  return {found->second.get(), path_};
}

void Database::execute(const std::string& sql) {
  int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(path_, code, sqlite3_errmsg(database_.get()));
}

void Database::sync_later() { execute("PRAGMA synchronous = NORMAL"); }

// What the log no longer has is in the file: SQLite syncs both when it moves pages there, and so do its own commits.
void Database::sync() {
  sqlite3_file* log = nullptr;
  int code = sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
  if (code == SQLITE_OK && log && log->pMethods) code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) fail(path_, code, sqlite3_errstr(code));
}

void Database::transaction(const std::function<void()>& work) {
  execute("BEGIN IMMEDIATE");
  try {
    work();
    execute("COMMIT");
  } catch (...) {
    // Some errors have ended the transaction already.
    if (sqlite3_get_autocommit(database_.get()) == 0)
      sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

}  // namespace reckon
