#include "serve/books.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/meters.h"
#include "serve/refusal.h"

namespace reckon {
namespace {
constexpr size_t kRemembered = 1000;                     // receipts of finished requests
constexpr auto kAfterFailure = std::chrono::seconds(5);  // until the ledger is tried again
}  // namespace

Books::Page::Page(Books& books, const std::string& id, std::string key)
    : books_(books),
      id_(id),
      state_{.id = id, .key = std::move(key), .start = books.loop_.now(), .cpu = process_cpu_seconds()} {
  books_.live_[id_] = this;
}

Books::Page::~Page() {
  books_.live_.erase(id_);
  if (closed_ || !state_.account) return;
  ++books_.metrics_.cancelled;
  books_.go_on(settle(books_, std::move(state_), "cancelled", {}));
}

int64_t Books::Page::hold(const KeyRules& rules, int64_t least, int64_t most) {
  state_.hold = books_.quota_.hold(rules, least, most, books_.options_.unix_ms());
  return state_.hold.tokens();
}

void Books::Page::start(std::shared_ptr<Account> account, Receipt draft) {
  state_.account = std::move(account);
  state_.draft = std::move(draft);
}

Task<void> Books::Page::close(Receipt receipt) {
  closed_ = true;
  state_.hold.settle(receipt.usage.computed());
  co_await books_.enter(state_.key, std::move(receipt));
}

Task<void> Books::Page::fail(std::string why) {
  if (!state_.account) co_return;
  closed_ = true;
  Arrival<bool> entered;
  books_.go_on(settle(books_, std::move(state_), std::move(why), entered));  // also when the client leaves now
  co_await entered;
}

Books::Books(Loop& loop, BooksOptions options, Metrics& metrics)
    : loop_(loop), options_(std::move(options)), metrics_(metrics), quota_(options_.spent) {}

Task<void> Books::settle(Books& books, Page::State state, std::string why, Arrival<bool> entered) {
  co_await state.account->settled();
  Receipt receipt = std::move(state.draft);
  receipt.id = state.id;
  receipt.usage = state.account->usage();
  state.hold.settle(receipt.usage.computed());
  receipt.samples = state.account->samples();
  receipt.stop_reason = std::move(why);
  receipt.seconds = std::chrono::duration<double>(books.loop_.now() - state.start).count();
  receipt.cpu_seconds = process_cpu_seconds() - state.cpu;
  receipt.notes = state.account->notes();
  try {
    co_await books.enter(state.key, std::move(receipt));
  } catch (const Error&) {  // reported; nobody else waits for it
  }
  entered.deliver(true);
}

Task<void> Books::enter(std::string key, Receipt receipt) {
  metrics_.computed(receipt.usage);
  if (receipt.budget.tokens && receipt.usage.computed() > *receipt.budget.tokens) metrics_.overrun();
  finished_.push_back({receipt.id, key, receipt});
  if (finished_.size() > kRemembered) finished_.pop_front();
  if (!options_.ledger) co_return;
  LedgerEntry entry{.command = "serve",
                    .question = receipt.id,
                    .receipt = std::move(receipt),
                    .unix_ms = options_.unix_ms(),
                    .key = std::move(key)};
  Arrival<bool> written;
  go_on(write(*this, std::move(entry), written));  // also when the client leaves now
  co_await written;
}

Task<void> Books::write(Books& books, LedgerEntry entry, Arrival<bool> written) {
  try {
    co_await books.options_.ledger(entry);
    written.deliver(true);
  } catch (const std::exception& error) {
    ++books.metrics_.ledger_failures;
    books.refused_until_ = books.loop_.now() + kAfterFailure;
    books.options_.report(
        fmt::format("not in the ledger ({}), key '{}': {}", error.what(), entry.key, to_json(entry.receipt)));
    written.fail(std::make_exception_ptr(Refusal(
        Api::receipt_unwritten, "the receipt of this request could not be written; the server's operator is told")));
  }
}

void Books::check() const {
  if (refused_until_ && loop_.now() < *refused_until_)
    throw Refusal(Api::ledger_unavailable, "the ledger cannot be written, so nothing is computed; try again later");
}

bool Books::finish_now(const std::string& id) {
  auto found = live_.find(id);
  if (found == live_.end() || !found->second->state_.account) return false;
  found->second->state_.account->halt(Halt::cancelled);
  return true;
}

std::string Books::state(const std::string& id, const std::string& key) const {
  if (auto found = live_.find(id); found != live_.end() && found->second->state_.key == key) {
    const std::shared_ptr<Account>& account = found->second->state_.account;
    if (!account) return fmt::format(R"({{"id":"{}","state":"queued"}})", id);
    return fmt::format(R"({{"id":"{}","state":"running","tokens":{},"samples":{}}})", id, account->usage().computed(),
                       account->samples());
  }
  auto found = std::ranges::find(finished_, id, &Finished::id);
  if (found == finished_.end() || found->key != key) return "";
  return fmt::format(R"({{"id":"{}","state":"finished","receipt":{}}})", id, to_json(found->receipt));
}

std::vector<std::string> Books::live(const std::string& key) const {
  std::vector<std::string> ids;
  for (const auto& [id, page] : live_)
    if (page->state_.key == key) ids.push_back(id);
  return ids;
}

void Books::go_on(Task<void> task) {
  Job& job = jobs_.emplace_back(&jobs_);
  job.place = std::prev(jobs_.end());
  job.ended.set([](void* self) noexcept { static_cast<Job*>(self)->jobs->erase(static_cast<Job*>(self)->place); },
                &job);
  job.task.emplace(std::move(task));
  job.task->start(loop_, job.ended);
}

Task<void> Books::settled() {
  while (!jobs_.empty()) co_await sleep_for(std::chrono::milliseconds(5));
}

}  // namespace reckon
