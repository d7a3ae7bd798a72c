#include "strategy/self_consistency.h"

#include "strategy/voting.h"

namespace reckon {

Task<Outcome> SelfConsistency::solve(const Question& question, Context& context) const {
  std::unique_ptr<Policy> all = parse_policy("fixed:n=" + std::to_string(options_.samples));
  co_return co_await vote(question, context, *all,
                          {.wave = options_.samples, .refill = false, .stop_decided = options_.early_stop});
}

}  // namespace reckon
