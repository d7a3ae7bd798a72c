#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <reckon/budget.h>
#include <reckon/question.h>
#include <reckon/task.h>

namespace reckon {

// What to continue: messages, which the model's own chat template turns into text, or raw text when there are none.
struct Prompt {
  std::vector<Message> messages;
  std::string text;
};

// How tokens are drawn, from the model's raw logits, in this order: repetition penalty, temperature, top-k, top-p,
// min-p.
struct Sampling {
  double temperature = 0.7;         // 0: the most likely token
  int top_k = 40;                   // 0: off
  double top_p = 0.95;              // 1: off
  double min_p = 0.0;               // 0: off
  double repetition_penalty = 1.0;  // over the last 64 tokens; 1: off
  uint64_t seed = 0;                // the branch's own counter-based stream
};

// When a piece of generation ends, whichever comes first; the end of the model's turn always ends it.
struct Until {
  int tokens = 0;                 // 0: no limit but the context
  std::vector<std::string> stop;  // found across token boundaries; not part of the text
  bool end_of_thinking = false;   // after the tag that closes the thinking block
};

// A piece of generated text: whole UTF-8 characters only, without the stop string.
struct Segment {
  std::string text;
  std::vector<int> token_ids;  // empty where a server does not tell
  int tokens = 0;
  Finish finish = Finish::stop;
  LogprobSummary logprobs;
  std::vector<TraceWindow> trace;
};

// Called on the loop thread with each new piece of whole text.
using TextSink = std::function<void(std::string_view)>;

// Parameters of the arithmetic, for FLOPs: two per parameter and token, and attention over what precedes it. Zero where
// unknown.
struct Shape {
  double matmul_parameters = 0;  // used for one token: non-embedding + output head; MoE: the active ones
  double head_parameters = 0;    // of the output head alone: prefill needs it for the last position only
  int layers = 0, query_heads = 0, head_size = 0;
  double decode_flops(int64_t context) const;                   // one token at this context length
  double prefill_flops(int64_t tokens, int64_t context) const;  // `tokens` after `context` cached ones
};

struct BatchCost {
  int branches = 0;
  double seconds = 0;  // of one decode step that advances all of them by one token
};

struct Capabilities {
  std::string name;      // as the user named the model
  std::string engine;    // what computes it, with version
  int context = 0;       // tokens per branch, prompt included
  int max_branches = 1;  // live at once
  int kv_cells = 0;      // tokens that all branches together keep in memory; 0: no limit is known
  bool fork = false, truncate = false, append = false, logprobs = false, deterministic = false;
  std::string think_open, think_close;  // tags of the thinking block; empty: the model has none
  Shape shape;
  std::vector<BatchCost> batch_cost;  // measured, ascending in branches; empty: unknown
};

// One live trajectory inside a model. Dropping it cancels what it does and frees its memory within one decode step.
// A branch does one thing at a time; it must outlive the task of its running operation, or be dropped with it.
class Branch {
 public:
  struct Mark {
    int tokens = 0;
  };
  virtual ~Branch() = default;

  virtual Task<Segment> generate(Until until, Sampling how, TextSink sink = {}) = 0;
  virtual std::unique_ptr<Branch> fork(Role role = Role::sample) const = 0;  // shares the past
  virtual Task<void> append(std::string text) = 0;                           // forced tokens, charged as prompt tokens
  virtual Mark mark() const = 0;                                             // the present end
  virtual void truncate(Mark mark) = 0;  // back to a mark; Error{unsupported} where the model cannot
  virtual Task<double> logprob(std::string continuation) = 0;  // nats, without changing the branch
  virtual int line() const = 0;                                // in the account given to open()
};

// Something that continues text: the embedded engine, a server, a script, or a decorator on one of these. Everything is
// called on the loop thread. Every token is charged to `account` before it is computed; when the account refuses, the
// operation ends with Finish::budget, or throws Error{budget_exhausted} where there is no segment to return.
class Model {
 public:
  virtual ~Model() = default;
  virtual const Capabilities& capabilities() const = 0;
  // Computes the prompt once. Throws Error{invalid_request} when the prompt does not fit the context.
  virtual Task<std::unique_ptr<Branch>> open(Prompt prompt, std::shared_ptr<Account> account,
                                             Role role = Role::sample) = 0;
  virtual int count_tokens(const Prompt& prompt) const = 0;
};

}  // namespace reckon
