#include "serve/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <random>

#include "base/rng.h"
#include "base/text.h"
#include "policy/waves.h"
#include "serve/choices.h"
#include "serve/estimate.h"
#include "serve/refusal.h"
#include "serve/thinking.h"
#include "strategy/catalog.h"
#include "strategy/scorer.h"
#include "strategy/tune.h"
#include "verify/answer_verifier.h"
#include "verify/json_answer.h"
#include "verify/json_schema.h"

namespace reckon {
namespace {

Prompt prompt_of(const Ask& ask) {
  return {.messages = ask.messages,
          .text = ask.prompt.value_or(""),
          .tools = ask.tools,
          .tool_choice = ask.tool_choice,
          .parallel_tool_calls = ask.parallel_tool_calls,
          .json_schema = ask.json_schema};
}

std::string calls_json(const std::vector<ToolCall>& calls) {
  boost::json::array list;
  for (const ToolCall& call : calls) {
    boost::system::error_code error;
    boost::json::value arguments = boost::json::parse(call.arguments, error);
    list.push_back({{"name", call.name}, {"arguments", error ? boost::json::value(call.arguments) : arguments}});
  }
  return boost::json::serialize(list);
}

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

// Where a strategy sends the question's messages, sends the whole of what the client asked: raw text, or the tools.
class AskModel : public Model {
 public:
  AskModel(Model& model, const Ask& ask, const std::vector<Message>& messages)
      : model_(model), ask_(ask), messages_(messages), capabilities_(model.capabilities()) {
    if (ask.prompt) capabilities_.think_open = capabilities_.think_close = "";  // raw text is the caller's own affair
  }
  const Capabilities& capabilities() const override { return capabilities_; }
  Task<std::unique_ptr<Branch>> open(Prompt prompt, std::shared_ptr<Account> account, Role role) override {
    return model_.open(prompt.messages == messages_ ? prompt_of(ask_) : std::move(prompt), std::move(account), role);
  }
  int count_tokens(const Prompt& prompt) const override { return model_.count_tokens(prompt); }

 private:
  Model& model_;
  const Ask& ask_;
  const std::vector<Message>& messages_;  // of the question
  Capabilities capabilities_;
};

// Counts votes on calls of tools under their canonical JSON, and leaves other answers to `inner`.
class ReplyVerifier : public Verifier {
 public:
  ReplyVerifier(const Model& model, const Form& form, const Verifier& inner)
      : model_(model), form_(form), inner_(inner) {}
  std::optional<Answer> extract(const Question& question, std::string_view text, bool cut) const override {
    if (form_.tools) {
      ThinkingSplitter::Parts parts = split_thinking(model_.capabilities(), text);
      Turn turn = model_.read(form_, parts.content, cut);
      if (!turn.tool_calls.empty()) {
        if (cut) return std::nullopt;
        std::string calls = calls_json(turn.tool_calls);
        std::optional<std::string> canonical = canonical_json(calls);
        if (!canonical) return std::nullopt;
        return Answer{.text = calls, .canonical = "calls " + *canonical, .begin = 0, .end = text.size()};
      }
    }
    return inner_.extract(question, text, cut);
  }
  Verdict judge(const Question& question, const Answer& answer, std::string_view reference) const override {
    return inner_.judge(question, answer, reference);
  }
  // The one check that a request can hold is the schema of its answer.
  Verdict check(const Question& question, const Answer& answer) const override {
    if (!question.check) return Verdict::error;
    return JsonSchema(question.check->schema).problem(answer.text) ? Verdict::different : Verdict::equal;
  }
  std::string cannot_check(const Question& question) const override {
    if (!question.check) return "the request has no schema";
    try {
      JsonSchema(question.check->schema);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

 private:
  const Model& model_;
  const Form& form_;
  const Verifier& inner_;
};

}  // namespace

Runs::Runs(Loop& loop, Model& model, const ServeLimits& limits, Books& books, Runner runner)
    : loop_(loop),
      model_(model),
      limits_(limits),
      books_(books),
      metrics_(books.metrics()),
      runner_(std::move(runner)),
      gate_(limits, model.capabilities().kv_cells),
      next_seed_(std::random_device()()) {}  // allowed: of requests without one

void Runs::prepare(Ask& ask) const {
  if (takes_check(ask.strategy) && ask.json_schema.empty())
    throw Refusal(
        Api::invalid_policy,
        fmt::format("the policy {} gives only answers that pass a check, and this request has nothing to check "
                    "them with: give a response_format with a JSON schema, or take a vote such as auto",
                    ask.strategy),
        "reckon.policy");
  if (limits_.calibration) {
    Calibrated chosen = calibrated(ask.strategy, *limits_.calibration, model_.capabilities().name, ask.task);
    ask.strategy = chosen.strategy, ask.note = chosen.note;
  }
  if (ask.n > 1 && ask.voting()) ask.strategy = with_choices(ask.strategy, ask.n);
  if (!ask.tools.empty() || !ask.json_schema.empty()) {
    try {
      ask.form = model_.form(prompt_of(ask));
    } catch (const Error& error) {
      throw Refusal(error.code() == Code::unsupported ? Api::unsupported : Api::invalid_value, error.what(),
                    ask.json_schema.empty() ? "tools" : ask.schema_field);
    }
    ask.sampling.grammar = ask.form.grammar;
    ask.until.stop.insert(ask.until.stop.end(), ask.form.stop.begin(), ask.form.stop.end());
  }
  ask.prompt_tokens = count_tokens(ask);
}

int Runs::count_tokens(const Ask& ask) const {
  for (const Message& message : ask.messages) {
    check_text(message.content, "the message");
    check_text(message.reasoning, "the reasoning of a message");
  }
  for (const Tool& tool : ask.tools) check_text(tool.name + tool.description, "the tool");
  check_text(ask.prompt.value_or(""), "prompt");
  for (const std::string& stop : ask.until.stop) check_text(stop, "stop");
  int tokens = model_.count_tokens(prompt_of(ask));
  if (int context = model_.capabilities().context; tokens >= context)
    throw Refusal(Api::context_length_exceeded,
                  fmt::format("the prompt has {} tokens and the context is {}; shorten it", tokens, context),
                  ask.prompt ? "prompt" : "messages");
  return tokens;
}

void Pace::observe(double seconds, int64_t tokens, double step) {
  constexpr double kNew = 0.2;  // share of the newest request
  auto follow = [](double& mean, double value) { mean = mean == 0 ? value : mean + kNew * (value - mean); };
  follow(run, seconds);
  if (tokens <= 0) return;
  auto count = static_cast<double>(tokens);
  follow(factor, seconds / count / step);
  follow(length, count);
  follow(longest, count);
  longest = std::max(longest, count);  // down slowly, up at once
}

double Pace::sample(int64_t most, double step) const {
  return factor * step * (most > 0 ? std::min(static_cast<double>(most), length) : length);
}

int64_t Pace::room(int64_t most) const {
  constexpr int64_t kLeast = 16;
  return longest == 0 ? most : std::min(most, kLeast + static_cast<int64_t>(1.25 * longest));
}

// Seconds of a decode step with so many branches, by the model's curve.
double Runs::step(int64_t branches) const {
  const std::vector<BatchCost>& curve = model_.capabilities().batch_cost;
  return curve.empty() ? 1 : step_seconds(curve, static_cast<int>(std::max<int64_t>(branches, 1)));
}

void Runs::too_late(const Ask& ask, double needed) const {
  throw Refusal(Api::deadline_unreachable,
                fmt::format("the deadline of {:.0f} ms cannot be met: waiting and one sample take about {:.0f} ms",
                            *ask.deadline * 1000, needed * 1000),
                "reckon.deadline_ms");
}

Task<Runs::PassPtr> Runs::enter(Gate& gate, Entrant entrant) {
  co_return std::make_shared<Gate::Pass>(co_await gate.enter(std::move(entrant)));
}

// Waits for a place, at most until the deadline, of which what is left becomes a ceiling. Who asked to be refused
// rather than cut short learns it as soon as it is known.
Task<Runs::PassPtr> Runs::admit(Ask& ask, Entrant entrant) {
  if (!ask.deadline) co_return co_await enter(gate_, std::move(entrant));
  Loop::Time start = loop_.now();
  double sample = pace_.sample(ask.until.tokens, step(gate_.branches() + entrant.branches));
  double wait = gate_.active() < limits_.active ? 0 : pace_.run * (gate_.waiting() + 1) / limits_.active;
  if (ask.refuse_late && wait + sample > *ask.deadline) too_late(ask, wait + sample);
  auto limit = std::chrono::duration_cast<Loop::Clock::duration>(std::chrono::duration<double>(*ask.deadline));
  std::optional<PassPtr> pass = co_await within(limit, enter(gate_, std::move(entrant)));
  double waited = std::chrono::duration<double>(loop_.now() - start).count(), left = *ask.deadline - waited;
  if (!pass || left <= 0 || (ask.refuse_late && sample > left)) too_late(ask, waited + sample);
  ask.budget.seconds = std::min(left, ask.budget.seconds.value_or(left));
  co_return *pass;
}

// What runs: under load, adaptive votes pay more for compute.
std::string Runs::strategy_now(const Ask& ask, std::vector<std::string>& warnings) {
  if (ask.n > 1 && !ask.voting()) return fmt::format("self-consistency:samples={},early_stop=false", ask.n);
  std::string text =
      limits_.shallower_under_load ? shallower(ask.strategy, gate_.waiting(), limits_.active) : ask.strategy;
  if (text != ask.strategy) {
    warnings.push_back("the server is under load: this vote draws fewer samples at most than it was asked to");
    ++metrics_.shallower;
  }
  return text;
}

void Runs::measure(const Ask& ask, const Done& done, Metrics::Ran ran, double step) {
  int64_t longest = 0;
  for (const Sample& sample : done.run.outcome.samples) longest = std::max<int64_t>(longest, sample.tokens);
  pace_.observe(done.run.receipt.seconds, longest, step);
  ran.operation = ask.prompt ? "text_completion" : "chat";
  ran.model = model_.capabilities().name;
  if (longest > 1 && ran.first > 0) ran.per_token = (ran.seconds - ran.first) / static_cast<double>(longest - 1);
  ran.input = done.prompt_tokens;
  ran.output = done.run.receipt.usage.computed() - done.run.receipt.usage.prompt;
  metrics_.ran(ran);
  if (ask.voting() && done.run.outcome.stop_reason == "decided") ++metrics_.early_stops;
}

Task<std::unique_ptr<Done>> Runs::run(AskPtr ask, Caller caller, Watcher watcher) {
  books_.check();
  Loop::Time start = loop_.now();
  const KeyRules& key = caller.key;
  Books::Page page(books_, caller.id, key.name);
  Estimate most = estimate(*ask, ask->prompt_tokens, model_.capabilities());
  int64_t held = page.hold(key, ask->prompt_tokens + 1, most.tokens);
  if (key.tokens_per_day || key.tokens_per_month)
    ask->budget.tokens = std::min(held, ask->budget.tokens.value_or(held));
  // Reserving what a sample may have at most would leave most of the memory empty; where it gets longer than those of
  // late and memory is short after all, the engine parks branches and computes them again.
  int64_t cells = ask->prompt_tokens + most.live * (pace_.room(most.each) + most.scoring);
  PassPtr pass = co_await admit(*ask, {.id = caller.id,
                                       .key = key.name,
                                       .weight = key.weight,
                                       .active = key.active,
                                       .tokens = most.tokens,
                                       .cells = cells,
                                       .branches = most.live});
  // Where many leave at once, others come in before their own leaving was noticed.
  if (watcher.gone && watcher.gone()) throw Error(Code::cancelled, "the client left while the request waited");
  co_return co_await compute({*ask, caller, watcher, page, start}, std::move(pass));
}

// What it needs is not there yet while a request waits: thousands may.
Task<std::unique_ptr<Done>> Runs::compute(Admitted request, PassPtr pass) {
  const Ask& ask = request.ask;
  const Caller& caller = request.caller;
  const Watcher& watcher = request.watcher;
  Books::Page& page = request.page;
  auto result = std::make_unique<Done>(Done{.prompt_tokens = ask.prompt_tokens, .warnings = ask.warnings});
  Done& done = *result;
  done.said.resize(static_cast<size_t>(ask.voting() ? 1 : ask.n));
  auto since_start = [&] { return std::chrono::duration<double>(loop_.now() - request.start).count(); };
  double step_then = step(gate_.branches());
  std::string text = strategy_now(ask, done.warnings);
  std::unique_ptr<Strategy> strategy = make_strategy(text);
  if (watcher.admitted) watcher.admitted(text);

  double first = 0;
  RunOptions options{
      .budget = ask.budget, .seed = ask.seed.value_or(next_seed_++), .sampling = ask.sampling, .until = ask.until};
  options.progress.event = watcher.event;
  options.progress.text = [&](int number) -> TextSink {
    if (number >= static_cast<int>(done.said.size())) return {};
    auto show = [&, choice = static_cast<size_t>(number)](std::string_view piece) {
      if (first == 0) first = since_start();
      done.said[choice] += piece;
      if (watcher.text) watcher.text(choice, piece);
    };
    return {show, watcher.text != nullptr};
  };
  options.on_start = [&, seed = options.seed](const std::shared_ptr<Account>& account) {
    const Capabilities& facts = model_.capabilities();
    if (!ask.note.empty()) account->note(ask.note);
    page.start(account, {.model = facts.name,
                         .engine = facts.engine,
                         .strategy = strategy->text(),
                         .seed = seed,
                         .budget = ask.budget});
  };

  Question question{.id = caller.id, .task = ask.task, .messages = ask.messages};
  if (ask.prompt) question.messages = {{"prompt", *ask.prompt}};  // for whoever keeps it; AskModel sends the text
  if (!ask.json_schema.empty()) question.check = Check{.schema = ask.json_schema};
  AskModel model(model_, ask, question.messages);
  WholeText whole;
  AnswerVerifier answers;
  ReplyVerifier replies(model_, ask.form, answers);
  const Verifier& verifier = ask.voting() ? static_cast<const Verifier&>(replies) : whole;
  std::exception_ptr failure;
  std::string why;
  try {
    done.run = co_await runner_(question, *strategy, model, verifier, std::move(options));
  } catch (const Error& error) {
    failure = std::current_exception(), why = name(error.code());
  }
  pass->computed(failure ? 0 : done.run.receipt.usage.computed());
  pass.reset();  // the next one may compute while the disk is written
  if (failure) {
    co_await page.fail(std::move(why));
    std::rethrow_exception(failure);
  }

  done.run.receipt.id = caller.id;
  measure(ask, done, {.seconds = since_start(), .first = first}, step_then);
  choose(model_, ask, done);
  co_await page.close(done.run.receipt);
  co_return result;
}

}  // namespace reckon
