#include "strategy/voting.h"

#include <algorithm>

#include "base/rng.h"
#include "policy/formulas.h"
#include "policy/votes.h"

namespace reckon {
namespace {

// One sample, from a fork to its answer.
Task<Sample> draw(std::unique_ptr<Branch> branch, Sampling how, const Question& question, Context& context,
                  TextSink sink) {
  Loop& loop = co_await this_loop();
  Loop::Time start = loop.now();
  Segment segment = co_await branch->generate(context.until, how, std::move(sink));
  Sample sample{.text = std::move(segment.text),
                .tokens = segment.tokens,
                .finish = segment.finish,
                .logprobs = segment.logprobs,
                .trace = std::move(segment.trace),
                .seed = how.seed,
                .line = branch->line(),
                .seconds = std::chrono::duration<double>(loop.now() - start).count()};
  sample.answer = context.verifier.extract(question, sample.text, sample.cut());
  co_return sample;
}

// Starts samples while the budget allows and forwards the text of the first one alive to whoever watches.
class Drawing {
 public:
  Drawing(const Question& question, Context& context, const Branch& trunk)
      : question_(question), context_(context), trunk_(trunk) {}

  bool start() {
    if (!context_.account->reserve_sample()) return false;
    Sampling how = context_.sampling;
    how.seed = derive(context_.seed, static_cast<uint64_t>(started_));
    TextSink sink = started_ == 0 ? context_.progress.lead_text : TextSink{};
    ++started_;
    samples_.add(draw(trunk_.fork(), how, question_, context_, std::move(sink)));
    return true;
  }
  Task<std::optional<Sample>> next() { return samples_.next(); }
  int live() const { return samples_.pending(); }

 private:
  const Question& question_;
  Context& context_;
  const Branch& trunk_;
  int started_ = 0;
  Stream<Sample> samples_;
};

void report(const Context& context, const Votes& votes, int live, int cap) {
  if (!context.progress.event) return;
  std::optional<std::string> leader = votes.vote();
  context.progress.event({.finished = votes.state().n,
                          .live = live,
                          .cap = cap,
                          .leader = leader.value_or(""),
                          .votes = leader ? votes.count(*leader) : 0});
}

// The sample that speaks for the winner: the shortest with that answer (the first of equals).
const Sample* spokesman(const std::vector<Sample>& samples, const std::string& canonical) {
  const Sample* best = nullptr;
  for (const Sample& sample : samples)
    if (sample.answer && sample.answer->canonical == canonical && (!best || sample.tokens < best->tokens))
      best = &sample;
  return best;
}

}  // namespace

Task<Outcome> vote(const Question& question, Context& context, const Policy& policy, VotePlan plan) {
  std::unique_ptr<Branch> trunk =
      co_await context.model.open({.messages = question.messages}, context.account, Role::sample);
  Outcome outcome;
  Votes votes;
  Drawing drawing(question, context, *trunk);
  const int cap = policy.cap();

  // 1. The first wave.
  auto launch = [&](int count) {
    for (int i = 0; i < count && drawing.start();) ++i;
  };
  launch(std::min(plan.wave, cap));

  // 2. After each sample that ends: count it, decide, and refill or open the next wave.
  while (std::optional<Sample> sample = co_await drawing.next()) {
    if (sample->finish == Finish::budget) {  // stopped by a ceiling half-way: not a draw
      outcome.stop_reason = name(context.account->halted());
      break;
    }
    votes.add(sample->answer ? sample->answer->canonical : "", sample->tokens);
    outcome.samples.push_back(std::move(*sample));
    const VoteState& state = votes.state();
    report(context, votes, drawing.live(), cap);
    if (state.n >= cap) {
      outcome.stop_reason = "cap";
      break;
    }
    bool settled = plan.stop_decided && state.v1 - state.v2 > cap - state.n;
    if (settled || policy.decide(state).kind == Decision::Kind::stop) {
      outcome.stop_reason = "decided";
      break;
    }
    if (plan.refill && state.n + drawing.live() < cap) launch(1);
    if (drawing.live() == 0) launch(std::min(plan.wave, cap - state.n));
  }
  if (outcome.stop_reason.empty()) outcome.stop_reason = name(context.account->halted());

  // 3. The winner, spoken for by one of its samples.
  outcome.confidence = beta_stay(votes.state().v1, votes.state().v2);
  std::optional<std::string> winner = votes.vote();
  if (const Sample* chosen = winner ? spokesman(outcome.samples, *winner) : nullptr) {
    outcome.answer = chosen->answer;
    outcome.text = chosen->text;
    outcome.votes = votes.count(*winner);
    context.account->select(chosen->line);
  } else if (outcome.stop_reason == "cap" || outcome.stop_reason == "decided") {
    outcome.stop_reason = "no_answer";
  }
  co_return outcome;
}

}  // namespace reckon
