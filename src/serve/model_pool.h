#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/model_state.h"
#include "serve/runs.h"

#include <reckon/model.h>
#include <reckon/task.h>

namespace reckon {

inline Task<void> nothing_to_settle() { co_return; }

// A model in memory, and what its engine counted itself since it was loaded: all of it, when it has settled.
struct LoadedModel {
  std::unique_ptr<Model> model;
  std::function<EngineCounts()> counts = [] { return EngineCounts{}; };
  std::function<Task<void>()> settled = nothing_to_settle;
};

// A model that the server offers.
struct OfferedModel {
  std::string name;
  int64_t bytes = 0;  // of memory while it is loaded; 0: unknown
  // Called on a worker thread, again when it had to go meanwhile. Tells how much is done, 0..1, and gives up where it
  // is told false. Throws Error.
  std::function<LoadedModel(const std::function<bool(double)>& progress)> load;
};

// The models of a server, each with its queue. A model is loaded when it is first asked for, one at a time. Where
// `memory_limit` (bytes; 0: none) leaves no room, the one that was asked for longest ago goes, an idle one before one
// that works. It is never cut off: it takes no new requests (they wait until it is loaded again) and goes when its last
// one has ended, so that nobody waits for ever behind a model that is never idle. Loop thread; outlives its leases.
class ModelPool {
 public:
  using Open = std::function<std::unique_ptr<Runs>(Model&)>;
  // `models` is not empty. Throws Error{invalid_request} when one of them alone is larger than the limit.
  ModelPool(Loop& loop, std::vector<OfferedModel> models, int64_t memory_limit, Open open);

 private:
  struct Served;

 public:
  // The right to a loaded model: it stays while the lease lives.
  class Lease {
   public:
    Lease(ModelPool& pool, Served& served);
    Lease(Lease&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), served_(other.served_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Runs& runs() const;
    const Model& model() const { return runs().model(); }

   private:
    ModelPool* pool_;
    Served* served_;
  };

  // The model that a request names: NAME, NAME@policy, "default" or "reckon/auto" (both: the first one). Waits until it
  // is loaded, at most `seconds`, beside at most `queue` others. Throws Refusal, or the Error of the loading.
  Task<Lease> lease(std::string named, int queue, std::optional<double> seconds = std::nullopt);
  void close();                                             // loads no more; what is loading is given up
  Task<void> settled();                                     // nothing is loading or going
  bool ready() const { return served_.front().loads > 0; }  // the first one was loaded
  bool leave(const std::string& id);                        // a request that waits for a place

  ModelState state(std::string_view named) const;  // of one, named as in a request; throws Refusal
  std::vector<ModelState> states() const;          // of all, in the order in which they were given
  int64_t rejected() const;                        // requests that found a queue full

 private:
  struct Ticket;
  struct Loading {
    std::atomic<double> part = 0;
    std::atomic<bool> given_up = false;
  };
  struct Served {
    explicit Served(OfferedModel o) : offer(std::move(o)) {}
    OfferedModel offer;
    enum class Phase { unloaded, waiting, loading, loaded, unloading } phase = Phase::unloaded;
    LoadedModel loaded;
    std::unique_ptr<Runs> runs;  // after its model
    std::optional<Capabilities> facts;
    std::list<Ticket*> waiting;  // they live in the frames that wait
    int leases = 0;
    int64_t last_used = 0, loads = 0;
    EngineCounts before;  // of the times that are over
    std::string failure;
    std::shared_ptr<Loading> loading = std::make_shared<Loading>();  // owners: this and the worker thread
  };
  struct Ticket {
    explicit Ticket(Served& s) : served(s) { served.waiting.push_back(this); }
    Ticket(const Ticket&) = delete;
    ~Ticket() { served.waiting.remove(this); }
    Served& served;
    Arrival<bool> arrival{};
    std::optional<Lease> lease{};
  };
  size_t index_of(std::string_view named) const;  // throws Refusal
  static ModelState describe(const Served& served);
  void want(Served& served);
  static Task<void> work(ModelPool& pool);
  Served* in_the_way(const Served& wanted);
  Task<void> load(Served& served);
  Task<void> unload(Served& served);

  Loop& loop_;
  const int64_t memory_limit_;
  const Open open_;
  std::deque<Served> served_;  // addresses are stable
  std::deque<Served*> wanted_;
  Arrival<bool> idle_;  // the last lease of the one that unloads has ended
  int64_t clock_ = 0, rejected_ = 0;
  bool closed_ = false;
  Wakeup worked_;
  std::optional<Task<void>> worker_;
};

}  // namespace reckon
