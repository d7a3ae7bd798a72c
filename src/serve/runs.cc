#include "serve/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/rng.h"
#include "base/text.h"
#include "strategy/catalog.h"
#include "verify/answer_verifier.h"

namespace reckon {
namespace {

constexpr size_t kRemembered = 1000;  // receipts of finished requests

// The whole text is the answer: what a request without a vote gets.
class WholeText : public Verifier {
 public:
  std::optional<Answer> extract(const Question&, std::string_view text, bool) const override {
    return Answer{std::string(text), std::string(text), 0, text.size()};
  }
  Verdict judge(const Question&, const Answer& answer, std::string_view reference) const override {
    return answer.text == reference ? Verdict::equal : Verdict::different;
  }
};

// Continues a text as it is, where a strategy would send messages.
class TextModel : public Model {
 public:
  TextModel(Model& model, std::string text) : model_(model), text_(std::move(text)) {}
  const Capabilities& capabilities() const override { return model_.capabilities(); }
  Task<std::unique_ptr<Branch>> open(Prompt, std::shared_ptr<Account> account, Role role) override {
    return model_.open({.text = text_}, std::move(account), role);
  }
  int count_tokens(const Prompt& prompt) const override { return model_.count_tokens(prompt); }

 private:
  Model& model_;
  std::string text_;
};

Prompt prompt_of(const Ask& ask) { return {.messages = ask.messages, .text = ask.prompt.value_or("")}; }

void select(Usage& usage, int64_t tokens) {
  tokens = std::min(tokens, usage.discarded);
  usage.selected += tokens;
  usage.discarded -= tokens;
}

// From an outcome to what the client gets. There is always a text: where nothing won, the lead sample's.
void choose(const Ask& ask, Done& done) {
  const Outcome& outcome = done.run.outcome;
  Usage& usage = done.run.receipt.usage;
  if (!ask.voting()) {
    for (const Sample& sample : outcome.samples) done.choices.push_back({sample.text, sample.finish});
    if (done.choices.empty()) done.choices.push_back({done.lead, Finish::budget});
    if (static_cast<int>(done.choices.size()) < ask.n)
      done.warnings.push_back(fmt::format("the budget allowed {} of {} choices", done.choices.size(), ask.n));
    select(usage, usage.discarded);
    return;
  }
  const std::string& text = outcome.answer ? outcome.text : done.lead;
  auto spoken = std::ranges::find(outcome.samples, text, &Sample::text);
  if (!outcome.answer && spoken == outcome.samples.end()) spoken = outcome.samples.begin();
  if (spoken == outcome.samples.end()) {
    done.choices.push_back({done.lead, Finish::budget});
  } else {
    done.choices.push_back({spoken->text, spoken->finish});
    if (!outcome.answer) select(usage, spoken->tokens);
  }
  if (!outcome.answer) done.warnings.push_back("no sample gave an answer that could be compared; this is one of them");
}

}  // namespace

// One request under way: known by its id, and counted when its task is dropped.
struct Runs::Live {
  Runs& runs;
  std::string id;
  std::shared_ptr<Account> account{};
  bool done = false;
  ~Live() {
    runs.live_.erase(id);
    if (!done && account) runs.leave(std::move(account));
  }
};

Runs::Runs(Loop& loop, Model& model, const ServeLimits& limits, Metrics& metrics, Runner runner)
    : loop_(loop),
      model_(model),
      limits_(limits),
      metrics_(metrics),
      runner_(std::move(runner)),
      gate_(limits.active, limits.queue),
      next_seed_(std::random_device()()) {}  // allowed: of requests without one

int Runs::count_tokens(const Ask& ask) const {
  for (const Message& message : ask.messages) check_text(message.content, "the message");
  check_text(ask.prompt.value_or(""), "prompt");
  for (const std::string& stop : ask.until.stop) check_text(stop, "stop");
  int tokens = model_.count_tokens(prompt_of(ask));
  if (int context = model_.capabilities().context; tokens >= context)
    throw Refusal(Code::invalid_request,
                  fmt::format("the prompt has {} tokens and the context is {}; shorten it", tokens, context),
                  ask.prompt ? "prompt" : "messages", "context_length_exceeded");
  return tokens;
}

Task<Done> Runs::run(Ask ask, std::string id, Watcher watcher) {
  Done done{.prompt_tokens = count_tokens(ask), .warnings = ask.warnings};
  std::string text = ask.strategy;
  if (ask.n > 1) text = fmt::format("self-consistency:samples={},early_stop=false", ask.n);
  std::unique_ptr<Strategy> strategy = make_strategy(text);
  if (gate_.active() >= limits_.active && gate_.waiting() >= limits_.queue) ++metrics_.rejected;
  Loop::Time start = loop_.now();
  Gate::Pass pass = co_await gate_.enter();
  if (watcher.admitted) watcher.admitted();

  Live live{*this, id};
  bool first = true;
  RunOptions options{
      .budget = ask.budget, .seed = ask.seed.value_or(next_seed_++), .sampling = ask.sampling, .until = ask.until};
  options.progress.event = watcher.event;
  options.progress.lead_text = [&](std::string_view piece) {
    if (std::exchange(first, false)) metrics_.first_token(std::chrono::duration<double>(loop_.now() - start).count());
    done.lead += piece;
    if (watcher.lead) watcher.lead(piece);
  };
  options.on_start = [&](const std::shared_ptr<Account>& account) { live.account = live_[id] = account; };

  Question question{.id = id, .task = ask.task, .messages = ask.messages};
  if (ask.prompt) question.messages = {{"prompt", *ask.prompt}};  // for whoever keeps it; TextModel sends the text
  TextModel raw(model_, ask.prompt.value_or(""));
  Model& model = ask.prompt ? static_cast<Model&>(raw) : model_;
  WholeText whole;
  AnswerVerifier answers;
  const Verifier& verifier = ask.voting() ? static_cast<const Verifier&>(answers) : whole;
  done.run = co_await runner_(question, *strategy, model, verifier, std::move(options));
  live.done = true;

  done.run.receipt.id = id;
  metrics_.ran(std::chrono::duration<double>(loop_.now() - start).count());
  if (ask.voting() && done.run.outcome.stop_reason == "decided") ++metrics_.early_stops;
  if (ask.budget.tokens && done.run.receipt.usage.computed() > *ask.budget.tokens) metrics_.overrun();
  choose(ask, done);
  metrics_.computed(done.run.receipt.usage);
  finished_.emplace_back(id, to_json(done.run.receipt));
  if (finished_.size() > kRemembered) finished_.pop_front();
  co_return done;
}

void Runs::leave(std::shared_ptr<Account> account) {
  std::erase_if(departing_, [](const Job& job) { return job.task->done(); });
  Job& job = departing_.emplace_back();
  job.ended.set([](void*) noexcept {}, nullptr);
  job.task.emplace(count_after(*this, std::move(account)));
  job.task->start(loop_, job.ended);
}

Task<void> Runs::count_after(Runs& runs, std::shared_ptr<Account> account) {
  ++runs.metrics_.cancelled;
  co_await account->settled();
  runs.metrics_.computed(account->usage());
}

Task<void> Runs::settled() {
  while (std::ranges::any_of(departing_, [](const Job& job) { return !job.task->done(); }))
    co_await sleep_for(std::chrono::milliseconds(5));
}

bool Runs::finish_now(const std::string& id) {
  auto found = live_.find(id);
  if (found == live_.end()) return false;
  found->second->halt(Halt::cancelled);
  return true;
}

std::string Runs::state(const std::string& id) const {
  if (auto found = live_.find(id); found != live_.end())
    return fmt::format(R"({{"id":"{}","state":"running","tokens":{},"samples":{}}})", id,
                       found->second->usage().computed(), found->second->samples());
  auto found = std::ranges::find(finished_, id, &std::pair<std::string, std::string>::first);
  return found == finished_.end() ? ""
                                  : fmt::format(R"({{"id":"{}","state":"finished","receipt":{}}})", id, found->second);
}

}  // namespace reckon
