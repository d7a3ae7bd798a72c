#include "strategy/scored.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "policy/formulas.h"
#include "policy/votes.h"
#include "strategy/drawing.h"
#include "strategy/voting.h"

namespace reckon {
namespace {

double counted(const Sample& sample, const ScoredPlan& plan) { return plan.trusted ? sample.score.value_or(0) : 0; }

// The answer worth most, ties by the vote.
std::optional<std::string> winner(const std::vector<Sample>& samples, const ScoredPlan& plan, bool opinion) {
  std::map<std::string, double> worth;
  double most = 0;
  for (const Sample& sample : samples)
    if (sample.answer) {
      double& value = worth[sample.answer->canonical];
      value = plan.sum ? value + counted(sample, plan) : std::max(value, counted(sample, plan));
      most = std::max(most, value);
    }
  if (!opinion && most <= 0) return std::nullopt;
  Votes best;
  for (const Sample& sample : samples)
    if (sample.answer && worth.at(sample.answer->canonical) == most)
      best.add(sample.answer->canonical, sample.tokens, sample.answer_logprob);
  return best.vote();
}

// The sample that speaks for the winner: the best one with that answer, then the shortest, then the first.
const Sample* spokesman(const std::vector<Sample>& samples, const std::string& canonical, const ScoredPlan& plan) {
  const auto better = [&](const Sample& a, const Sample& b) {
    const double left = counted(a, plan), right = counted(b, plan);
    return left != right ? left > right : a.tokens < b.tokens;
  };
  const Sample* best = nullptr;
  for (const Sample& sample : samples)
    if (sample.answer && sample.answer->canonical == canonical && (!best || better(sample, *best))) best = &sample;
  return best;
}

}  // namespace

Task<Outcome> draw_scored(const Question& question, Context& context, const Scorer& scorer, ScoredPlan plan) {
  scorer.require(question, context);
  Outcome outcome;
  Votes votes;
  int accepted = 0;

  // 1. Samples, a wave in flight, until all are in or enough are accepted; then the rest is cancelled.
  {
    std::unique_ptr<Branch> trunk =
        co_await context.model.open({.messages = question.messages}, context.account, Role::sample);
    Drawing drawing(question, context, *trunk, &scorer);
    drawing.start(std::min(plan.wave, plan.samples));
    while (std::optional<Sample> sample = co_await drawing.next()) {
      if (sample->finish == Finish::budget) break;  // stopped by a ceiling half-way: not a draw
      votes.add(sample->answer ? sample->answer->canonical : "", sample->tokens, sample->answer_logprob);
      outcome.samples.push_back(std::move(*sample));
      report(context, votes, drawing.live(), plan.samples);
      if (outcome.samples.back().score.value_or(0) > 0 && ++accepted == plan.accept) {
        outcome.stop_reason = "accepted";
        break;
      }
      if (votes.state().n + drawing.live() < plan.samples) drawing.start();
    }
  }
  if (outcome.stop_reason.empty())
    outcome.stop_reason = votes.state().n >= plan.samples ? "cap" : name(context.account->halted());
  co_await scorer.compare(question, context, outcome.samples);

  // 2. The winner, spoken for by one of its samples.
  if (!plan.trusted) outcome.confidence = beta_stay(votes.state().v1, votes.state().v2);
  if (std::optional<std::string> best = winner(outcome.samples, plan, scorer.opinion())) {
    const Sample* chosen = spokesman(outcome.samples, *best, plan);
    outcome.answer = chosen->answer;
    outcome.text = chosen->text;
    outcome.votes = votes.count(*best);
    context.account->select(chosen->line);
  } else if (outcome.stop_reason == "cap") {
    outcome.stop_reason = scorer.opinion() ? "no_answer" : "abstain";
  }
  co_return outcome;
}

Task<Outcome> draw_scored(const Question& question, Context& context, const ScoredOptions& options, bool sum) {
  std::unique_ptr<Scorer> scorer = make_scorer(options.scorer);
  const bool trusted = !scorer->opinion() || options.discrimination > 0.5;
  if (!trusted)
    context.account->note(fmt::format(
        "scores of {} were not used, every sample weighs the same: nothing says that they tell right from wrong "
        "(discrimination={})",
        options.scorer, options.discrimination));
  else if (scorer->opinion())
    context.account->note(fmt::format(
        "scores of {} are the model's opinion of its own answers; they are said to prefer a right one to a wrong one "
        "with probability {} at least",
        options.scorer, options.discrimination));
  co_return co_await draw_scored(question, context, *scorer,
                                 {.samples = options.samples, .wave = options.samples, .sum = sum, .trusted = trusted});
}

}  // namespace reckon
