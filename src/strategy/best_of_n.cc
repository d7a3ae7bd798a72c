#include "strategy/best_of_n.h"

namespace reckon {

Task<Outcome> BestOfN::solve(const Question& question, Context& context) const {
  co_return co_await draw_scored(question, context, options_, false);
}

}  // namespace reckon
