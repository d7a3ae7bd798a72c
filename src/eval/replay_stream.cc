#include "eval/replay_stream.h"

#include <algorithm>
#include <cmath>

#include <reckon/error.h>

#include "base/rng.h"
#include "eval/replay_run.h"
#include "policy/policies.h"

namespace reckon {

StreamResult replay_stream(const Pool& pool, const StreamOptions& options) {
  validate(pool);
  if (options.questions < 2) throw Error(Code::invalid_request, "a stream needs at least two questions");
  ReplayOptions replay_options;
  Replayer replayer(replay_options, pool);
  PriceControl control(options.budget);
  Rng rng(derive(options.seed, 0x73747265616d));
  std::vector<int> order;
  StreamResult result;
  double sum = 0, squares = 0;
  int half = options.questions / 2;
  for (int i = 0; i < options.questions; ++i) {
    const Pool::Question& question = pool.questions[rng.below(pool.questions.size())];
    order.resize(question.samples.size());
    int draws = std::min(options.cap, static_cast<int>(order.size()));
    draw_order(pool, question, {.seed = options.seed, .index = i, .draws = draws}, order);
    auto policy = priced_policy(control.price(), options.cap);
    ReplayRun run = replayer.run(question, std::span(order).first(static_cast<size_t>(draws)), *policy);
    result.tokens += run.tokens / options.questions;
    result.accuracy += (run.vote >= 0 && question.answers[run.vote].correct) / static_cast<double>(options.questions);
    if (double log = std::log(control.price()); i >= half) sum += log, squares += log * log;
    control.observe(run.tokens);
  }
  double count = options.questions - half, mean = sum / count;
  result.wobble = std::sqrt(std::max(0.0, squares / count - mean * mean));
  result.price = control.price();
  return result;
}

}  // namespace reckon
