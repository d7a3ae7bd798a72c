#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <reckon/budget.h>
#include <reckon/question.h>
#include <reckon/task.h>

namespace reckon {

// A function that the model may ask its caller to call.
struct Tool {
  std::string name, description;
  std::string parameters;  // JSON schema of its arguments, an object
};

enum class ToolChoice { automatic, none, required };

// What to continue: messages, which the model's own chat template turns into text, or raw text when there are none.
// Tools and a schema of the answer are shown in the template's way; Model::form says how the answer is held to them.
struct Prompt {
  std::vector<Message> messages;
  std::string text = {};
  std::vector<Tool> tools = {};
  ToolChoice tool_choice = ToolChoice::automatic;
  bool parallel_tool_calls = true;  // more than one call in a turn
  std::string json_schema = {};     // the answer is JSON that this schema allows; empty: any text
};

// What drawn text must match. It holds from the first generate() that names it over everything that the branch and its
// forks generate or append, until one that names another or none. The turn ends only where the grammar allows it.
struct Grammar {
  std::string gbnf;                        // llama.cpp's notation, from the rule `root`; empty: anything
  std::string begun = {};                  // how the grammar's text begins in the prompt already
  std::vector<std::string> triggers = {};  // not empty: it holds from the first of these texts on, that text included
  bool operator==(const Grammar&) const = default;
};

// How tokens are drawn, from the model's raw logits, in this order: logit bias, penalties, temperature, top-k, top-p,
// min-p. A token that the grammar rejects is drawn again from those that it allows.
struct Sampling {
  double temperature = 0.7;               // 0: the most likely token
  int top_k = 40;                         // 0: off
  double top_p = 0.95;                    // 1: off
  double min_p = 0.0;                     // 0: off
  double repetition_penalty = 1.0;        // over the last 64 tokens; 1: off
  double presence_penalty = 0.0;          // taken off the logit of a token that this piece holds already
  double frequency_penalty = 0.0;         // the same, for each time that it does
  uint64_t seed = 0;                      // the branch's own counter-based stream
  int top_logprobs = -1;                  // how many alternatives Segment::drawn tells for each token; -1: nothing
  std::map<int, double> logit_bias = {};  // by token, added to its logit
  Grammar grammar = {};
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
  std::vector<DrawnToken> drawn = {};  // without the token that ends the turn
  std::string stop = {};               // the stop string that ended it
};

// How the answer to a prompt is written, and what read() needs to take it apart again.
struct Form {
  Grammar grammar;                     // that Sampling should have
  std::vector<std::string> stop = {};  // that Until should have, besides the caller's own
  bool tools = false;                  // the answer may hold calls
  std::string reader = {};             // the model's own
};

// An answer, taken apart.
struct Turn {
  std::string content;
  std::vector<ToolCall> tool_calls = {};  // without ids where the model gives none
};

// Where new pieces of whole text go, called on the loop thread. One that is not `live` is shown the first piece, which
// tells when the text began, and what follows at the end: every piece wakes the loop.
struct TextSink {
  std::function<void(std::string_view)> show;
  bool live = true;
  explicit operator bool() const { return show != nullptr; }
  void operator()(std::string_view piece) const { show(piece); }
};

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
  bool grammar = false;                 // holds what it draws to Sampling::grammar
  bool tools = false;                   // its chat template has a place for tools
  bool bias = false;                    // applies logit bias, presence and frequency penalties
  int tokens = 0;                       // of its vocabulary, where it tells their ids: tokenize(), detokenize()
  std::string think_open, think_close;  // tags of the thinking block; empty: the model has none
  bool think_first = false;             // the chat template itself opens the thinking block
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

  // The rest is unsupported unless a model says otherwise: Error{unsupported} names the capability.
  // Throws Error{invalid_request} for a schema that cannot be held to.
  virtual Form form(const Prompt& prompt) const;
  // The answer to the prompt of `form`, without its thinking block. Text that is not in the form is content.
  virtual Turn read(const Form& form, std::string_view text, bool cut) const;
  // `special`: spellings of control tokens are those tokens.
  virtual std::vector<int> tokenize(std::string_view text, bool begin, bool special) const;
  virtual std::string detokenize(const std::vector<int>& tokens) const;  // bytes
};

}  // namespace reckon
