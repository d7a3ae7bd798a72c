#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "stats/stats.h"

namespace reckon {

struct BootstrapOptions {
  int resamples = 10000;
  double level = 0.95;
  uint64_t seed = 1;
  enum class Kind { percentile, bca } kind = Kind::percentile;
};

// How often each of `units` units was drawn in resample `index`: `units` draws with replacement. A pure function of the
// seed, so resamples can be computed in any order and by any number of threads.
void resample_counts(uint64_t seed, int index, std::span<double> counts);

// The interval around `value` from statistics of resamples. Without a jackknife (the statistic with each unit left out
// once) it is the percentile interval, with it BCa (Efron 1987).
Interval bootstrap_interval(double value, std::vector<double> resampled, std::span<const double> jackknife,
                            double level);

// The interval of any statistic of weighted units: `statistic(weights)` with one weight per unit; all 1 is the sample.
Interval bootstrap(int units, const std::function<double(std::span<const double>)>& statistic,
                   const BootstrapOptions& options = {});

// Mean of a - b over questions answered by both arms; question i belongs to cluster `clusters[i]` (empty: its own), and
// whole clusters are drawn.
Interval paired_bootstrap(std::span<const double> a, std::span<const double> b,
                          std::span<const std::string> clusters = {}, const BootstrapOptions& options = {});

}  // namespace reckon
