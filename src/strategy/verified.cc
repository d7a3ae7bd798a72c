#include "strategy/verified.h"

#include "policy/waves.h"

namespace reckon {

Task<Outcome> Verified::solve(const Question& question, Context& context) const {
  const int wave =
      options_.wave > 0 ? options_.wave : wave_width(context.model.capabilities().batch_cost, options_.latency);
  std::unique_ptr<Scorer> check = make_scorer("check");
  co_return co_await draw_scored(question, context, *check,
                                 {.samples = options_.samples, .wave = wave, .accept = options_.accept});
}

}  // namespace reckon
