#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <utility>

#include <reckon/error.h>

#include "engine/chat_formatter.h"
#include "engine/cpu_cores.h"
#include "engine/engine.h"
#include "engine/engine_thread.h"
#include "engine/gguf_check.h"
#include "engine/llama_context.h"

namespace reckon {
namespace {

// What the branches need of their model; it outlives them only as long as they exist.
struct Shared {
  std::shared_ptr<Inbox> inbox;
  Capabilities capabilities;
  const Vocabulary* vocabulary = nullptr;                     // null when the model is gone
  uint64_t last_id = 0;                                       // loop thread
  std::vector<std::shared_ptr<const GrammarRules>> grammars;  // parsed lately; loop thread
  uint64_t next_id() { return ++last_id; }

  // The same object for the same grammar, so that a branch knows that it goes on with it.
  std::shared_ptr<const GrammarRules> rules(const Grammar& grammar) {
    if (grammar.gbnf.empty()) return nullptr;
    if (!vocabulary) throw Error(Code::model_unavailable, "the model was closed; load it again");
    auto found = std::ranges::find(grammars, grammar, [](const auto& rules) { return rules->grammar(); });
    if (found != grammars.end()) return *found;
    if (grammars.size() >= kGrammars) grammars.erase(grammars.begin());
    return grammars.emplace_back(std::make_shared<GrammarRules>(*vocabulary, grammar));
  }
  static constexpr size_t kGrammars = 16;

  std::vector<int> continuation(std::string_view text) const {
    if (!vocabulary) throw Error(Code::model_unavailable, "the model was closed; load it again");
    return vocabulary->continuation(text);
  }

  void send(Inbox::Kind kind, Inbox::Command command) {
    if (!inbox->push(kind, std::move(command)) && kind == Inbox::Kind::work)
      throw Error(Code::model_unavailable, "the model was closed or its engine failed; load it again");
  }
};

struct BranchState {
  std::shared_ptr<Shared> shared;    // owners: the model and its branches
  std::shared_ptr<Account> account;  // owners: the run and its branches
  uint64_t id = 0;
  Role role = Role::sample;
  int line = 0;
  int tokens = 0;
  bool busy = false;
  bool left = false;  // in the middle of an operation, once: the engine may still charge for it
};

// One operation of a branch, from its start to its end. Leaving early cancels it: the branch is then as it was before.
template <class T>
class Operation {
 public:
  Operation(std::shared_ptr<BranchState> state, TextSink sink) : state_(std::move(state)) {
    if (state_->busy) throw Error(Code::internal, "a branch was asked to do two things at once");
    state_->busy = true;
    waiting->sink = std::move(sink);
  }
  Operation(const Operation&) = delete;
  ~Operation() {
    waiting->left = true;
    waiting->sink = {};
    state_->busy = false;
    if (waiting->arrival.arrived()) return;
    state_->left = true;
    if (cancel) cancel();
  }
  WaitingPtr<T> waiting = std::make_shared<Waiting<T>>();
  std::function<void()> cancel;

 private:
  std::shared_ptr<BranchState> state_;  // owners: the branch and its operation
};

class EngineBranch : public Branch {
 public:
  explicit EngineBranch(std::shared_ptr<BranchState> state) : state_(std::move(state)) {}
  // Where nothing was left half-way nothing more is charged, and who waits for that need not wait for the engine.
  ~EngineBranch() override {
    std::optional<Payer> payer;
    if (state_->busy || state_->left) payer = Payer{state_->account, state_->line};
    bool alive =
        state_->shared->inbox->push(Inbox::Kind::ending, [id = state_->id, payer](Stepper& s) { s.drop(id, payer); });
    if (!alive || !payer) state_->account->close(state_->line);
  }

  Task<Segment> generate(Until until, Sampling how, TextSink sink) override {
    std::shared_ptr<BranchState> state = state_;
    GenerateOrder order{.until = std::move(until), .how = std::move(how)};
    if (sink) order.shown = sink.live ? Shown::pieces : Shown::ends;
    if (order.until.end_of_thinking) order.close = state->shared->capabilities.think_close;
    order.rules = state->shared->rules(order.how.grammar);
    Operation<Generated> operation(state, std::move(sink));
    state->shared->send(Inbox::Kind::work, [id = state->id, order = std::move(order), waiting = operation.waiting](
                                               Stepper& s) { s.generate(id, order, waiting); });
    operation.cancel = canceller(state);
    Generated done = co_await operation.waiting->arrival;
    state->tokens = done.tokens;
    co_return std::move(done.segment);
  }

  std::unique_ptr<Branch> fork(Role role) const override {
    if (state_->busy) throw Error(Code::internal, "a branch was forked while it was working");
    auto child = std::make_shared<BranchState>(*state_);
    child->id = state_->shared->next_id();
    child->role = role;
    child->left = false;
    child->line = state_->account->open(role);
    auto branch = std::make_unique<EngineBranch>(child);  // closes the line if the engine refuses
    child->account->cached(child->line, child->tokens);
    child->shared->send(Inbox::Kind::work,
                        [parent = state_->id, id = child->id, payer = Payer{child->account, child->line}](Stepper& s) {
                          s.fork(parent, id, payer);
                        });
    return branch;
  }

  Task<void> append(std::string text) override {
    std::shared_ptr<BranchState> state = state_;
    std::vector<int> tokens = state->shared->continuation(text);
    int length = state->tokens + static_cast<int>(tokens.size());
    if (length >= state->shared->capabilities.context)
      throw Error(Code::invalid_request, fmt::format("appending {} tokens would pass the context of {}", tokens.size(),
                                                     state->shared->capabilities.context));
    if (tokens.empty()) co_return;
    Operation<int> operation(state, {});
    state->shared->send(Inbox::Kind::work, [id = state->id, tokens, waiting = operation.waiting](Stepper& s) {
      s.append(id, tokens, waiting);
    });
    operation.cancel = canceller(state);
    state->tokens = co_await operation.waiting->arrival;
  }

  Mark mark() const override { return {state_->tokens}; }

  void truncate(Mark mark) override {
    if (!state_->shared->capabilities.truncate)
      throw Error(Code::unsupported, "this model cannot go back (truncate): its memory is recurrent");
    if (mark.tokens < 1 || mark.tokens > state_->tokens)
      throw Error(Code::invalid_request, "the mark is not on this branch");
    if (state_->busy) throw Error(Code::internal, "a branch was truncated while it was working");
    state_->shared->send(Inbox::Kind::work, [id = state_->id, n = mark.tokens](Stepper& s) { s.truncate(id, n); });
    state_->tokens = mark.tokens;
  }

  Task<double> logprob(std::string continuation) override {
    std::shared_ptr<BranchState> state = state_;
    std::vector<int> tokens = state->shared->continuation(continuation);
    if (tokens.empty()) co_return 0.0;
    if (state->tokens + static_cast<int>(tokens.size()) > state->shared->capabilities.context)
      throw Error(Code::invalid_request, "the continuation would pass the model's context");
    Operation<double> operation(state, {});
    uint64_t probe = state->shared->next_id();
    state->shared->send(Inbox::Kind::work, [id = state->id, probe, tokens, waiting = operation.waiting](Stepper& s) {
      s.score(id, probe, tokens, waiting);
    });
    operation.cancel = [shared = state->shared, probe] {
      shared->inbox->push(Inbox::Kind::ending, [probe](Stepper& s) { s.drop(probe, std::nullopt); });
    };
    co_return co_await operation.waiting->arrival;
  }

  int line() const override { return state_->line; }

 private:
  static std::function<void()> canceller(const std::shared_ptr<BranchState>& state) {
    return [shared = state->shared, id = state->id] {
      shared->inbox->push(Inbox::Kind::ending, [id](Stepper& s) { s.cancel(id); });
    };
  }
  std::shared_ptr<BranchState> state_;  // owners: the branch and its running operation
};

class LlamaModel : public EngineModel {
 public:
  LlamaModel(Loop& loop, const EngineOptions& options, const GgufFacts& facts, int threads, int threads_most)
      : llama_(options, facts, threads_most),
        formatter_(make_chat_formatter(llama_.model())),
        shared_(std::make_shared<Shared>()) {
    for (const std::string& text : formatter_->visible()) llama_.vocabulary().keep_visible(text);
    BatchCurve curve = batch_curve(options, threads_most);
    describe(options, facts, curve);
    bool on_cpu = !llama_supports_gpu_offload() || options.gpu_layers == 0;
    if (!curve.quiet) curve.costs.clear();  // good enough to choose waves by, no measure of what is normal
    stepper_.emplace(loop, llama_,
                     Stepper::Setting{.shape = facts.shape,
                                      .curve = std::move(curve),
                                      .threads = threads,
                                      .threads_most = threads_most,
                                      .adapt_threads = options.adapt_threads && on_cpu});
    llama_.set_threads(threads);
    shared_->inbox = std::make_shared<Inbox>();
    shared_->vocabulary = &llama_.vocabulary();
    thread_.emplace(*stepper_, shared_->inbox);
  }

  ~LlamaModel() override { shared_->vocabulary = nullptr; }

  const Capabilities& capabilities() const override { return shared_->capabilities; }

  Task<std::unique_ptr<Branch>> open(Prompt prompt, std::shared_ptr<Account> account, Role role) override {
    std::vector<int> tokens = tokenise(prompt);
    if (static_cast<int>(tokens.size()) >= shared_->capabilities.context)
      throw Error(Code::invalid_request, fmt::format("the prompt has {} tokens and the context is {}; shorten it",
                                                     tokens.size(), shared_->capabilities.context));
    auto state = std::make_shared<BranchState>(BranchState{
        .shared = shared_, .account = account, .id = shared_->next_id(), .role = role, .line = account->open(role)});
    auto branch = std::make_unique<EngineBranch>(state);
    if (account->tokens_left() < static_cast<int64_t>(tokens.size()))
      throw Error(Code::budget_exhausted, fmt::format("the budget leaves {} tokens and the prompt has {}; allow more",
                                                      account->tokens_left(), tokens.size()));
    Operation<int> operation(state, {});
    shared_->send(Inbox::Kind::work, [id = state->id, payer = Payer{account, state->line}, tokens,
                                      waiting = operation.waiting](Stepper& s) { s.open(id, payer, tokens, waiting); });
    state->tokens = co_await operation.waiting->arrival;
    co_return std::unique_ptr<Branch>(std::move(branch));
  }

  int count_tokens(const Prompt& prompt) const override { return static_cast<int>(tokenise(prompt).size()); }

  Form form(const Prompt& prompt) const override {
    if (prompt.tools.empty() && prompt.json_schema.empty()) return {};
    Form form = formatter_->form(prompt);
    (void)shared_->rules(form.grammar);  // what cannot be parsed is refused here
    return form;
  }
  Turn read(const Form& form, std::string_view text, bool cut) const override {
    return formatter_->read(form, text, cut);
  }
  std::vector<int> tokenize(std::string_view text, bool begin, bool special) const override {
    return llama_.vocabulary().tokens(text, begin, special);
  }
  std::string detokenize(const std::vector<int>& tokens) const override {
    std::string bytes;
    for (int token : tokens) bytes += llama_.vocabulary().spelling(token);
    return bytes;
  }

  Task<void> settled() override {
    Arrival<bool> done;
    if (shared_->inbox->push(Inbox::Kind::ending, [done](Stepper& s) { s.answer(done); })) co_await done;
  }

  EngineStatus status() const override {
    EngineStatus status = stepper_->status();
    status.engine = shared_->capabilities.engine;
    status.description = llama_.description();
    return status;
  }

 private:
  std::vector<int> tokenise(const Prompt& prompt) const {
    std::vector<int> tokens;
    if (prompt.messages.empty()) {
      tokens = llama_.vocabulary().tokens(prompt.text, true, true);
    } else {
      std::string all;
      Prompt copy = prompt;
      for_each_text(copy, [&](std::string& text) {
        check_text(text);
        all += text + "\n";
      });
      bool begin = true;
      for (const PromptPiece& piece :
           format_safely(*formatter_, std::move(copy), llama_.vocabulary().control_spellings(all))) {
        std::vector<int> part = llama_.vocabulary().tokens(piece.text, std::exchange(begin, false), piece.control);
        tokens.insert(tokens.end(), part.begin(), part.end());
      }
    }
    if (tokens.empty()) throw Error(Code::invalid_request, "the prompt is empty; ask something");
    return tokens;
  }

  BatchCurve batch_curve(const EngineOptions& options, int threads) {
    if (!options.measure_curve) return {};
    std::string key = batch_curve_key(options.path, llama_engine_name(), threads);
    BatchCurve curve = load_batch_curve(options.cache_dir, key);
    if (!curve.costs.empty()) return curve;
    curve = measure_batch_curve(llama_, threads);
    save_batch_curve(options.cache_dir, key, curve);
    return curve;
  }

  void describe(const EngineOptions& options, const GgufFacts& facts, const BatchCurve& curve) {
    Capabilities& c = shared_->capabilities;
    c.name = options.name.empty() ? std::filesystem::path(options.path).filename().string() : options.name;
    c.engine = llama_engine_name();
    c.context = llama_.context();
    c.max_branches = llama_.slots();
    c.kv_cells = llama_.cells();
    c.fork = c.append = c.logprobs = true;
    c.truncate = llama_.can_cut();
    c.deterministic = false;  // results depend on the batch that a branch shares
    c.grammar = c.bias = true;
    c.tools = formatter_->tools();
    c.tokens = llama_.vocabulary().size();
    c.think_open = formatter_->think_open();
    c.think_close = formatter_->think_close();
    c.think_first = formatter_->think_first();
    c.shape = facts.shape;
    c.batch_cost = curve.costs;
  }

  LlamaContext llama_;
  std::unique_ptr<ChatFormatter> formatter_;
  std::shared_ptr<Shared> shared_;  // owners: the model and its branches
  std::optional<Stepper> stepper_;
  std::optional<EngineThread> thread_;
};

GgufFacts check(const EngineOptions& options) {
  if (options.context < 1 || options.context > 10'000'000)
    throw Error(Code::invalid_request, fmt::format("a context of {} tokens is out of range", options.context));
  start_llama();
  return check_gguf(options.path);
}

}  // namespace

int64_t engine_bytes(const EngineOptions& options) {
  GgufFacts facts = check(options);
  int cells = choose_cells(options, facts, choose_context(options, facts.trained_context));
  return facts.file_bytes + static_cast<int64_t>(facts.kv_bytes_per_token * cells);
}

std::unique_ptr<EngineModel> load_engine(Loop& loop, EngineOptions options) {
  GgufFacts facts = check(options);
  int most = options.threads, threads = options.threads;
  if (options.threads <= 0) {
    CpuCores cores = cpu_cores();
    most = usable_cores(cores);
    threads = options.adapt_threads ? free_cores(cores) : most;
  }
  return std::make_unique<LlamaModel>(loop, options, std::move(facts), threads, most);
}

}  // namespace reckon
