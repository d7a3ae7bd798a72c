#include "strategy/weighted_vote.h"

namespace reckon {

Task<Outcome> WeightedVote::solve(const Question& question, Context& context) const {
  co_return co_await draw_scored(question, context, options_, true);
}

}  // namespace reckon
