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

Runs::Runs(Loop& loop, Model& model, const ServeLimits& limits, Books& books, Runner runner)
    : loop_(loop),
      model_(model),
      limits_(limits),
      books_(books),
      metrics_(books.metrics()),
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

Task<Done> Runs::run(Ask ask, Caller caller, Watcher watcher) {
  Done done{.prompt_tokens = count_tokens(ask), .warnings = ask.warnings};
  books_.check();
  std::string text = ask.strategy;
  if (ask.n > 1) text = fmt::format("self-consistency:samples={},early_stop=false", ask.n);
  std::unique_ptr<Strategy> strategy = make_strategy(text);
  if (gate_.active() >= limits_.active && gate_.waiting() >= limits_.queue) ++metrics_.rejected;
  Loop::Time start = loop_.now();
  Books::Page page(books_, caller.id, caller.key);
  std::optional<Gate::Pass> pass(co_await gate_.enter());
  if (watcher.admitted) watcher.admitted();

  bool first = true;
  RunOptions options{
      .budget = ask.budget, .seed = ask.seed.value_or(next_seed_++), .sampling = ask.sampling, .until = ask.until};
  options.progress.event = watcher.event;
  options.progress.lead_text = [&](std::string_view piece) {
    if (std::exchange(first, false)) metrics_.first_token(std::chrono::duration<double>(loop_.now() - start).count());
    done.lead += piece;
    if (watcher.lead) watcher.lead(piece);
  };
  options.on_start = [&, seed = options.seed](const std::shared_ptr<Account>& account) {
    const Capabilities& facts = model_.capabilities();
    page.start(account, {.model = facts.name,
                         .engine = facts.engine,
                         .strategy = strategy->text(),
                         .seed = seed,
                         .budget = ask.budget});
  };

  Question question{.id = caller.id, .task = ask.task, .messages = ask.messages};
  if (ask.prompt) question.messages = {{"prompt", *ask.prompt}};  // for whoever keeps it; TextModel sends the text
  TextModel raw(model_, ask.prompt.value_or(""));
  Model& model = ask.prompt ? static_cast<Model&>(raw) : model_;
  WholeText whole;
  AnswerVerifier answers;
  const Verifier& verifier = ask.voting() ? static_cast<const Verifier&>(answers) : whole;
  std::exception_ptr failure;
  std::string why;
  try {
    done.run = co_await runner_(question, *strategy, model, verifier, std::move(options));
  } catch (const Error& error) {
    failure = std::current_exception(), why = name(error.code());
  }
  pass.reset();  // the next one may compute while the disk is written
  if (failure) {
    co_await page.fail(std::move(why));
    std::rethrow_exception(failure);
  }

  done.run.receipt.id = caller.id;
  metrics_.ran(std::chrono::duration<double>(loop_.now() - start).count());
  if (ask.voting() && done.run.outcome.stop_reason == "decided") ++metrics_.early_stops;
  choose(ask, done);
  co_await page.close(done.run.receipt);
  co_return done;
}

}  // namespace reckon
