// Which gain keeps a stream of real questions at its mean budget? Usage: reckon_price_bench FILE... (recordings of
// any format).
// One row per gain: how far the mean spending of a stream ends from the budget (root mean square over streams, in %),
// how much the price still moves in the second half (standard deviation of ln price), and the accuracy.
#include <fmt/format.h>

#include <cmath>

#include <reckon/error.h>

#include "base/rng.h"
#include "eval/replay_input.h"
#include "eval/replay_run.h"
#include "eval/replay_stream.h"

namespace reckon {
namespace {

constexpr int kStreams = 20;

int bench(int argc, char** argv) {
  ReplayOptions options;
  const std::vector<std::string> files(argv + 1, argv + argc);
  const std::vector<Pool> pools = read_pools(files, "auto", CostOf::tokens, exact_answers()).pools;
  for (int questions : {50, 200, 500})
    for (double samples : {2.5, 5.0, 10.0})
      for (double gain : {.0125, .025, .05, .1, .2, .4, .8}) {
        double miss = 0, wobble = 0, right = 0;
        for (const Pool& pool : pools)
          for (int i = 0; i < kStreams; ++i) {
            double tokens = samples * Replayer(options, pool).mean_draw();
            StreamResult stream = replay_stream(
                pool, {.budget = {.tokens = tokens, .gain = gain}, .questions = questions, .seed = derive(17, i)});
            miss += std::pow(stream.tokens / tokens - 1, 2), wobble += stream.wobble, right += stream.accuracy;
          }
        double runs = static_cast<double>(pools.size()) * kStreams;
        fmt::print(
            "{:>4} questions, budget {:>4} samples, gain {:<6} misses by {:5.1f} %, wobbles by {:.3f}, right {:.2f} "
            "%\n",
            questions, samples, gain, 100 * std::sqrt(miss / runs), wobble / runs, 100 * right / runs);
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
