#include "strategy/run.h"

#include "base/meters.h"
#include "strategy/difficulty.h"

#include <reckon/error.h>

namespace reckon {

Task<Run> run(const Question& question, const Strategy& strategy, Model& model, const Verifier& verifier,
              RunOptions options) {
  Loop& loop = co_await this_loop();
  Loop::Time start = loop.now();
  Meters meters;
  auto account = std::make_shared<Account>(options.budget, [&loop] { return loop.now(); });
  if (options.on_start) options.on_start(account);
  Context context{.model = model,
                  .verifier = verifier,
                  .account = account,
                  .seed = options.seed,
                  .sampling = options.sampling,
                  .until = options.until,
                  .progress = std::move(options.progress)};
  Run result;
  try {
    result.outcome = co_await strategy.solve(question, context);
  } catch (const Error&) {
    if (account->halted() != Halt::cancelled) throw;  // what the user stopped still gets its receipt
    result.outcome.stop_reason = name(Halt::cancelled);
  }
  co_await account->settled();
  result.outcome.difficulty = difficulty(result.outcome);

  const Capabilities& model_facts = model.capabilities();
  result.receipt = {.model = model_facts.name,
                    .engine = model_facts.engine,
                    .strategy = strategy.text(),
                    .seed = options.seed,
                    .budget = options.budget,
                    .usage = account->usage(),
                    .samples = account->samples(),
                    .finished = static_cast<int>(result.outcome.samples.size()),
                    .stop_reason = result.outcome.stop_reason,
                    .seconds = std::chrono::duration<double>(loop.now() - start).count(),
                    .cpu_seconds = meters.cpu_seconds(),
                    .joules = meters.joules(),
                    .notes = account->notes()};
  co_return result;
}

}  // namespace reckon
