#include "serve/model_pool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "serve/refusal.h"

namespace reckon {
namespace {

Task<bool> arrived(Arrival<bool> arrival) { co_return co_await arrival; }

}  // namespace

ModelPool::Lease::Lease(ModelPool& pool, Served& served) : pool_(&pool), served_(&served) {
  ++served.leases;
  served.last_used = ++pool.clock_;
}

ModelPool::Lease::~Lease() {
  if (pool_ && --served_->leases == 0) pool_->idle_.deliver(true);
}

Runs& ModelPool::Lease::runs() const { return *served_->runs; }

ModelPool::ModelPool(Loop& loop, std::vector<OfferedModel> models, int64_t memory_limit, Open open)
    : loop_(loop), memory_limit_(memory_limit), open_(std::move(open)), worked_([](void*) noexcept {}, nullptr) {
  for (OfferedModel& model : models) {
    if (memory_limit > 0 && model.bytes > memory_limit)
      throw Error(Code::invalid_request, fmt::format("model '{}' needs {:.2f} GiB of memory and the limit is {:.2f}",
                                                     model.name, static_cast<double>(model.bytes) / (1 << 30),
                                                     static_cast<double>(memory_limit) / (1 << 30)));
    served_.emplace_back(std::move(model));
  }
}

size_t ModelPool::index_of(std::string_view named) const {
  std::string_view base = named.substr(0, named.rfind('@'));
  if (base == "default" || named == "reckon/auto") return 0;
  std::vector<std::string> names;
  for (size_t i = 0; i < served_.size(); ++i) {
    if (served_[i].offer.name == base) return i;
    names.push_back(fmt::format("'{}'", served_[i].offer.name));
  }
  throw Refusal(Api::model_not_found,
                fmt::format("there is no model '{}' here; there {} {}", base, names.size() > 1 ? "are" : "is",
                            fmt::join(names, ", ")),
                "model");
}

Task<ModelPool::Lease> ModelPool::lease(std::string named, int queue, std::optional<double> seconds) {
  Served& served = served_[index_of(named)];
  if (served.phase == Served::Phase::loaded) co_return Lease(*this, served);
  if (closed_) throw Refusal(Api::draining, "the server is shutting down");
  if (static_cast<int>(served.waiting.size()) >= std::max(queue, 1)) {
    ++rejected_;
    throw Refusal(Api::queue_full, "too many requests wait for this model to be loaded; try again later");
  }
  Ticket ticket(served);
  want(served);
  if (!seconds) {
    co_await ticket.arrival;
  } else {
    auto limit = std::chrono::duration_cast<Loop::Clock::duration>(std::chrono::duration<double>(*seconds));
    if (!co_await within(limit, arrived(ticket.arrival)))
      throw Refusal(Api::deadline_unreachable, "the deadline came before the model was loaded", "reckon.deadline_ms");
  }
  co_return std::move(*ticket.lease);
}

void ModelPool::close() {
  closed_ = true;
  for (Served& served : served_) served.loading->given_up = true;
}

Task<void> ModelPool::settled() {
  while (worker_ && !worker_->done()) co_await sleep_for(std::chrono::milliseconds(5));
}

bool ModelPool::leave(const std::string& id) {
  return std::ranges::any_of(served_, [&](Served& served) { return served.runs && served.runs->leave(id); });
}

void ModelPool::want(Served& served) {
  if (served.phase != Served::Phase::unloaded) return;
  served.phase = Served::Phase::waiting;
  wanted_.push_back(&served);
  if (worker_ && !worker_->done()) return;
  worker_.emplace(work(*this));
  worker_->start(loop_, worked_);
}

Task<void> ModelPool::work(ModelPool& pool) {
  while (!pool.wanted_.empty()) {
    Served& next = *pool.wanted_.front();
    pool.wanted_.pop_front();
    while (!next.waiting.empty()) {  // else those who wanted it have left
      Served* oldest = pool.in_the_way(next);
      if (!oldest) break;
      co_await pool.unload(*oldest);
    }
    if (next.waiting.empty()) next.phase = Served::Phase::unloaded;
    else co_await pool.load(next);
  }
}

// The model that must go before `wanted` fits; null when it fits. Only loaded ones hold memory: one at a time comes or
// goes.
ModelPool::Served* ModelPool::in_the_way(const Served& wanted) {
  auto rank = [](const Served& served) { return std::pair(served.leases > 0, served.last_used); };
  int64_t bytes = wanted.offer.bytes;
  Served* oldest = nullptr;
  for (Served& served : served_) {
    if (served.phase != Served::Phase::loaded) continue;
    bytes += served.offer.bytes;
    if (!oldest || rank(served) < rank(*oldest)) oldest = &served;
  }
  return memory_limit_ > 0 && bytes > memory_limit_ ? oldest : nullptr;
}

Task<void> ModelPool::load(Served& served) {
  served.phase = Served::Phase::loading;
  served.loading->part = 0;
  std::exception_ptr failure;
  try {
    served.loaded = co_await on_pool([load = served.offer.load, loading = served.loading] {
      return load([&loading](double part) {
        loading->part = part;
        return !loading->given_up;
      });
    });
    served.failure.clear();
  } catch (const std::exception& error) {
    served.failure = error.what();
    failure = std::make_exception_ptr(
        Refusal(Api::model_unavailable, fmt::format("model '{}' cannot be loaded: {}", served.offer.name, error.what()),
                "model"));
  }
  served.phase = failure ? Served::Phase::unloaded : Served::Phase::loaded;
  if (!failure) {
    ++served.loads;
    served.facts = served.loaded.model->capabilities();
    served.runs = open_(*served.loaded.model);
  }
  for (Ticket* ticket : std::exchange(served.waiting, {})) {
    if (failure) {
      ticket->arrival.fail(failure);
    } else {
      ticket->lease.emplace(*this, served);  // now: before it runs the next one may look for room
      ticket->arrival.deliver(true);
    }
  }
}

Task<void> ModelPool::unload(Served& served) {
  served.phase = Served::Phase::unloading;
  while (served.leases > 0) {
    idle_ = {};
    co_await idle_;
  }
  // What the last requests left behind is counted before the counters go.
  co_await served.loaded.settled();
  served.before += served.loaded.counts();
  served.before.cells = served.before.cells_used = 0;
  rejected_ += served.runs->rejected();
  served.runs.reset();
  auto gone = std::make_shared<LoadedModel>(std::move(served.loaded));  // owners: this frame and the worker thread
  co_await on_pool([gone] {
    gone->model.reset();
    return true;
  });
  served.phase = Served::Phase::unloaded;
  if (!served.waiting.empty()) want(served);
}

ModelState ModelPool::describe(const Served& served) {
  static constexpr const char* kPhases[] = {"unloaded", "waiting", "loading", "loaded", "unloading"};
  ModelState state{.name = served.offer.name,
                   .state = kPhases[static_cast<size_t>(served.phase)],
                   .progress = served.phase == Served::Phase::loading ? served.loading->part.load() : 0,
                   .failure = served.failure,
                   .facts = served.facts ? &*served.facts : nullptr,
                   .loads = served.loads,
                   .bytes = served.offer.bytes,
                   .counts = served.before};
  state.queued = static_cast<int>(served.waiting.size());
  if (!served.runs) return state;
  state.counts += served.loaded.counts();
  state.active = served.runs->active();
  state.queued += served.runs->waiting();
  return state;
}

ModelState ModelPool::state(std::string_view named) const { return describe(served_[index_of(named)]); }

std::vector<ModelState> ModelPool::states() const {
  std::vector<ModelState> states;
  for (const Served& served : served_) states.push_back(describe(served));
  return states;
}

int64_t ModelPool::rejected() const {
  int64_t rejected = rejected_;
  for (const Served& served : served_)
    if (served.runs) rejected += served.runs->rejected();
  return rejected;
}

}  // namespace reckon
