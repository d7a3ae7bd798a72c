#include "strategy/single.h"

#include "strategy/voting.h"

namespace reckon {

Task<Outcome> Single::solve(const Question& question, Context& context) const {
  if (options_.greedy) context.sampling.temperature = 0;
  std::unique_ptr<Policy> one = parse_policy("fixed:n=1");
  Outcome outcome = co_await vote(question, context, *one, {.wave = 1});
  outcome.confidence = 0;  // one sample says nothing about its own stability
  co_return outcome;
}

}  // namespace reckon
