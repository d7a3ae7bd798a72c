#include "strategy/voting.h"

#include <algorithm>

#include "policy/formulas.h"
#include "policy/votes.h"
#include "strategy/drawing.h"

namespace reckon {
namespace {

// The sample that speaks for the winner: the shortest with that answer (the first of equals).
const Sample* spokesman(const std::vector<Sample>& samples, const std::string& canonical) {
  const Sample* best = nullptr;
  for (const Sample& sample : samples)
    if (sample.answer && sample.answer->canonical == canonical && (!best || sample.tokens < best->tokens))
      best = &sample;
  return best;
}

}  // namespace

void report(const Context& context, const Votes& votes, int live, int cap) {
  if (!context.progress.event) return;
  std::optional<std::string> leader = votes.vote();
  context.progress.event({.finished = votes.state().n,
                          .live = live,
                          .cap = cap,
                          .leader = leader.value_or(""),
                          .votes = leader ? votes.count(*leader) : 0});
}

Task<Outcome> vote(const Question& question, Context& context, const Policy& policy, VotePlan plan) {
  std::unique_ptr<Branch> trunk =
      co_await context.model.open({.messages = question.messages}, context.account, Role::sample);
  Outcome outcome;
  Votes votes;
  Drawing drawing(question, context, *trunk);
  const int cap = policy.cap();

  // 1. The first wave.
  drawing.start(std::min(plan.wave, cap));

  // 2. After each sample that ends: count it, decide, and refill or open the next wave.
  while (std::optional<Sample> sample = co_await drawing.next()) {
    if (sample->finish == Finish::budget) {  // stopped by a ceiling half-way: not a draw
      outcome.stop_reason = name(context.account->halted());
      break;
    }
    votes.add(sample->answer ? sample->answer->canonical : "", sample->tokens, sample->answer_logprob);
    outcome.samples.push_back(std::move(*sample));
    const VoteState& state = votes.state();
    report(context, votes, drawing.live(), cap);
    if (state.n >= cap) {
      outcome.stop_reason = "cap";
      break;
    }
    bool settled = plan.stop_decided && state.v1 - state.v2 > cap - state.n;
    if (state.n >= plan.least && (settled || policy.decide(state).kind == Decision::Kind::stop)) {
      outcome.stop_reason = "decided";
      break;
    }
    if (plan.refill && state.n + drawing.live() < cap) drawing.start();
    if (drawing.live() == 0) drawing.start(std::min(plan.wave, cap - state.n));
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
