#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <reckon/model.h>

#include "engine/batch_curve.h"
#include "engine/cell_book.h"
#include "engine/engine.h"
#include "engine/evidence.h"
#include "engine/llama_context.h"
#include "engine/llama_grammar.h"
#include "engine/sampler.h"
#include "engine/scheduler.h"
#include "engine/text_stream.h"
#include "engine/thread_pressure.h"

namespace reckon {

// Where the result of an operation goes. `left` and `sink` are touched on the loop thread only.
template <class T>
struct Waiting {
  bool left = false;  // nobody waits any more
  TextSink sink;
  Arrival<T> arrival;
};
template <class T>
using WaitingPtr = std::shared_ptr<Waiting<T>>;  // owners: the waiting frame and the engine

// A finished operation: what it gave, and how long the branch is now.
struct Generated {
  Segment segment;
  int tokens = 0;
};

struct Payer {                       // one line of an account
  std::shared_ptr<Account> account;  // owners: the run and its branches
  int line = 0;
};

// What of a text is shown while it grows: the loop is woken for every piece.
enum class Shown { nothing, ends, pieces };  // ends: the first piece, and at the end what followed

// What a piece of generation is asked for.
struct GenerateOrder {
  Until until;
  Sampling how;
  Shown shown = Shown::nothing;
  std::string close;                          // ends the text and belongs to it; empty: nothing does
  std::shared_ptr<const GrammarRules> rules;  // of how.grammar; null: none
};

// The state of all branches of one model and the decode step that moves them. Lives on the engine thread; results leave
// by `loop.post`. A branch has at most one operation at a time; an operation that is cancelled, or fails, leaves the
// branch as it was before.
class Stepper {
 public:
  struct Setting {
    Shape shape;
    BatchCurve curve;  // expected cost of steps; empty: unknown
    int threads = 1, threads_most = 1;
    bool adapt_threads = false;
  };
  Stepper(Loop& loop, LlamaContext& llama, Setting setting);

  // Commands, in the order in which the loop thread gave them.
  void open(uint64_t id, Payer payer, std::vector<int> tokens, WaitingPtr<int> waiting);
  void fork(uint64_t parent, uint64_t id, Payer line);
  void append(uint64_t id, std::vector<int> tokens, WaitingPtr<int> waiting);
  void generate(uint64_t id, GenerateOrder order, WaitingPtr<Generated> waiting);
  void score(uint64_t parent, uint64_t id, std::vector<int> continuation, WaitingPtr<double> waiting);
  void truncate(uint64_t id, int tokens);
  void cancel(uint64_t id);                            // its operation
  void drop(uint64_t id, std::optional<Payer> payer);  // and close its line, if it has its own
  void drop_all(const Error& why);
  // When what the commands before it have counted is in the status.
  void answer(const Arrival<bool>& arrival) {
    outbox_.push_back([arrival] { arrival.deliver(true); });
  }

  bool busy() const { return active_ > 0; }
  void step();
  void settle_down() { flush(); }  // before waiting for commands
  EngineStatus status() const;

 private:
  struct Prefill {
    WaitingPtr<int> waiting;
  };
  struct Generate {
    GenerateOrder order;
    WaitingPtr<Generated> waiting;
    TextStream stream;
    int grammar_from = 0;  // the first token that the grammar holds for
    std::optional<GrammarState> grammar{};
    Evidence evidence{};
    Segment segment{};
    size_t told = 0;  // bytes of its text that were shown
    bool tells_now() const { return order.shown == Shown::pieces || (order.shown == Shown::ends && told == 0); }
    std::string news() { return segment.text.substr(std::exchange(told, segment.text.size())); }
  };
  struct Score {
    WaitingPtr<double> waiting;
    double sum = 0;
  };
  struct Sequence {
    uint64_t id = 0;
    Payer payer;
    std::vector<int> tokens;
    std::vector<int> cells;  // of the first cells.size() tokens: they are computed
    int slot = -1;           // llama.cpp's sequence number; -1: parked
    int paid = -1;           // the token that was drawn here and not yet computed: charged when it was drawn
    int before = 0;          // tokens that were computed when it was parked, or by the branch it was forked from
    std::shared_ptr<const std::vector<float>> row;  // logits after the last token; owners: this branch and its forks
    std::shared_ptr<const GrammarRules> rules;      // that what it generated last was held to; owners: see GrammarState
    int grammar_from = 0;                           // and since which token
    int64_t served = 0;
    std::variant<std::monostate, Prefill, Generate, Score> operation;
    int start = 0;       // length before the operation
    int score_from = 0;  // the first position whose row a score still needs
    bool guest = false;  // pays from another branch's line, and ends with its operation

    int computed() const { return static_cast<int>(cells.size()); }
    int size() const { return static_cast<int>(tokens.size()); }
    bool idle() const { return operation.index() == 0; }
    bool scores() const { return operation.index() == 3; }
    int target() const { return scores() ? size() - 1 : size(); }
    bool wants_row(int position) const { return scores() ? position >= score_from : position == size() - 1; }
  };
  struct Part {  // of a batch
    Sequence* sequence;
    int first, count;  // positions
    int entry;         // in the batch
    Account::Work work;
  };

  Sequence* find(uint64_t id);
  Sequence& add(uint64_t id, Payer payer);
  void inherit(Sequence& child, const Sequence& parent);
  template <class T>
  void begin(Sequence& s, int start, T operation);
  void end(Sequence& s);
  void uncompute(Sequence& s, int tokens);
  void rewind(Sequence& s, int tokens);
  void park(Sequence& s);
  void seat(Sequence& s);
  void share_prefix(Sequence& s);
  void erase(uint64_t id);

  void use_saved_row(Sequence& s);
  Plan make_plan();
  std::vector<Part> make_batch(const Plan& plan);
  Account::Work price(const Sequence& s, int first, int count) const;
  void decode(const std::vector<Part>& parts);
  void give_back(const std::vector<Part>& parts);
  void watch_threads(const std::vector<Part>& parts, double wall, double cpu);
  void advance(const Part& part);
  void complete(Sequence& s, std::span<const float> row);
  void draw(Sequence& s, std::span<const float> row);
  void note_draw(Generate& g, const Draw& drawn);
  void finish(Sequence& s, Finish why);
  void refuse(Sequence& s);
  void fail(Sequence& s, std::exception_ptr why);
  template <class T>
  void deliver(const WaitingPtr<T>& waiting, T value);
  void flush();
  double token_logprob(std::span<const float> row, int token);

  Loop& loop_;
  LlamaContext& llama_;
  const Setting setting_;
  ThreadPressure pressure_;
  CellBook book_;
  std::vector<int> free_slots_;
  std::map<uint64_t, Sequence> sequences_;  // addresses are stable
  int active_ = 0;                          // sequences with an operation
  int stalled_ = 0;                         // steps in a row in which nobody got anywhere
  Sampler sampler_;
  std::vector<float> block_maxima_;
  std::vector<LlamaContext::Entry> entries_;
  std::vector<uint64_t> leaving_;  // erased at the end of the step
  std::vector<std::function<void()>> outbox_;
  mutable std::mutex status_mutex_;
  EngineStatus status_;   // guarded by status_mutex_
  EngineStatus working_;  // the engine thread's copy
};

}  // namespace reckon
