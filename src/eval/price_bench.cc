// Which gain keeps a stream of real questions at its mean budget? Usage: reckon_price_bench FILE... (boinf recordings).
// One row per gain: how far the mean spending of a stream ends from the budget (root mean square over streams, in %),
// how much the price still moves in the second half (standard deviation of ln price), and the accuracy.
#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include <reckon/error.h>

#include "base/rng.h"
#include "eval/boinf.h"
#include "eval/replay_run.h"
#include "policy/policies.h"
#include "policy/price.h"

namespace reckon {
namespace {

constexpr int kStreams = 20;
constexpr int kCap = 64;

struct Row {
  double miss = 0, wobble = 0, right = 0;
};

Row run_stream(const Pool& pool, double tokens, double gain, uint64_t seed, int questions) {
  ReplayOptions options;
  Replayer replayer(options, pool);
  PriceControl control({.tokens = tokens, .gain = gain});
  Rng rng(seed);
  std::vector<int> order(pool.questions.front().samples.size());
  double spent = 0, right = 0, sum = 0, squares = 0;
  for (int i = 0; i < questions; ++i) {
    const Pool::Question& question = pool.questions[rng.below(pool.questions.size())];
    order.resize(question.samples.size());
    draw_order(pool, question, {.seed = seed, .index = i, .draws = kCap}, order);
    ReplayRun run = replayer.run(question, std::span(order).first(kCap), *priced_policy(control.price(), kCap));
    spent += run.tokens;
    right += run.vote >= 0 && question.answers[run.vote].correct;
    if (i >= questions / 2) sum += std::log(control.price()), squares += std::pow(std::log(control.price()), 2);
    control.observe(run.tokens);
  }
  double half = questions - questions / 2, mean = sum / half;
  return {spent / questions / tokens - 1, std::sqrt(std::max(0.0, squares / half - mean * mean)), right / questions};
}

int bench(int argc, char** argv) {
  std::vector<Pool> pools;
  for (int i = 1; i < argc; ++i) pools.push_back(read_boinf(argv[i], exact_answers()));
  for (int questions : {50, 200, 500})
    for (double samples : {2.5, 5.0, 10.0})
      for (double gain : {.0125, .025, .05, .1, .2, .4, .8}) {
        Row total;
        for (const Pool& pool : pools) {
          double tokens = 0, draws = 0;
          for (const auto& question : pool.questions)
            for (const auto& sample : question.samples) tokens += sample.tokens, ++draws;
          for (int s = 0; s < kStreams; ++s) {
            Row row = run_stream(pool, samples * tokens / draws, gain, derive(17, s), questions);
            total.miss += row.miss * row.miss, total.wobble += row.wobble, total.right += row.right;
          }
        }
        double runs = static_cast<double>(pools.size()) * kStreams;
        fmt::print(
            "{:>4} questions, budget {:>4} samples, gain {:<6} misses by {:5.1f} %, wobbles by {:.3f}, right {:.2f} "
            "%\n",
            questions, samples, gain, 100 * std::sqrt(total.miss / runs), total.wobble / runs,
            100 * total.right / runs);
      }
  return 0;
}

}  // namespace
}  // namespace reckon

int main(int argc, char** argv) {
  try {
    return reckon::bench(argc, argv);
  } catch (const reckon::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
