#include "stats/bootstrap.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <map>
#include <numeric>

#include <reckon/error.h>

#include "base/rng.h"

namespace reckon {
namespace {

// The two percentiles that BCa reads instead of (1 - level) / 2 and its mirror image.
std::pair<double, double> bca_percentiles(double value, std::span<const double> sorted,
                                          std::span<const double> jackknife, double tail) {
  boost::math::normal normal;
  auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
  double below = static_cast<double>(first - sorted.begin()) + static_cast<double>(last - first) / 2;
  double share = below / static_cast<double>(sorted.size());
  double mean = std::accumulate(jackknife.begin(), jackknife.end(), 0.0) / static_cast<double>(jackknife.size());
  double squares = 0, cubes = 0;
  for (double j : jackknife) squares += (mean - j) * (mean - j), cubes += std::pow(mean - j, 3);
  if (share <= 0 || share >= 1 || squares <= 0) return {tail, 1 - tail};  // no bias or skew to correct for
  double bias = quantile(normal, share), skew = cubes / (6 * std::pow(squares, 1.5));
  auto adjusted = [&](double q) {
    double z = bias + quantile(normal, q);
    return cdf(normal, bias + z / (1 - skew * z));
  };
  return {adjusted(tail), adjusted(1 - tail)};
}

}  // namespace

void resample_counts(uint64_t seed, int index, std::span<double> counts) {
  std::fill(counts.begin(), counts.end(), 0);
  Rng rng(derive(seed, static_cast<uint64_t>(index)));
  for (size_t i = 0; i < counts.size(); ++i) ++counts[rng.below(counts.size())];
}

Interval bootstrap_interval(double value, std::vector<double> resampled, std::span<const double> jackknife,
                            double level) {
  if (level <= 0 || level >= 1) throw Error(Code::invalid_request, "a confidence level lies between 0 and 1");
  std::sort(resampled.begin(), resampled.end());
  double tail = (1 - level) / 2;
  auto [lo, hi] = jackknife.empty() ? std::pair(tail, 1 - tail) : bca_percentiles(value, resampled, jackknife, tail);
  return {value, sorted_quantile(resampled, lo), sorted_quantile(resampled, hi)};
}

Interval bootstrap(int units, const std::function<double(std::span<const double>)>& statistic,
                   const BootstrapOptions& options) {
  if (units < 1) throw Error(Code::invalid_request, "a bootstrap needs at least one question");
  if (options.resamples < 1) throw Error(Code::invalid_request, "a bootstrap needs at least one resample");
  std::vector<double> weights(units, 1.0);
  double value = statistic(weights);
  std::vector<double> jackknife;
  if (options.kind == BootstrapOptions::Kind::bca && units > 1)
    for (int i = 0; i < units; ++i) {
      weights[i] = 0;
      jackknife.push_back(statistic(weights));
      weights[i] = 1;
    }
  std::vector<double> resampled(options.resamples);
  for (int r = 0; r < options.resamples; ++r) {
    resample_counts(options.seed, r, weights);
    resampled[r] = statistic(weights);
  }
  return bootstrap_interval(value, std::move(resampled), jackknife, options.level);
}

Interval paired_bootstrap(std::span<const double> a, std::span<const double> b, std::span<const std::string> clusters,
                          const BootstrapOptions& options) {
  if (a.size() != b.size() || (!clusters.empty() && clusters.size() != a.size()))
    throw Error(Code::invalid_request, "a paired comparison needs both arms on the same questions");
  std::map<std::string, size_t> index;
  std::vector<double> sums, sizes;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t unit = clusters.empty() ? i : index.try_emplace(clusters[i], index.size()).first->second;
    if (unit == sums.size()) sums.push_back(0), sizes.push_back(0);
    sums[unit] += a[i] - b[i];
    sizes[unit] += 1;
  }
  auto mean = [&](std::span<const double> weights) {
    double sum = 0, size = 0;
    for (size_t u = 0; u < sums.size(); ++u) sum += weights[u] * sums[u], size += weights[u] * sizes[u];
    return size > 0 ? sum / size : 0;
  };
  return bootstrap(static_cast<int>(sums.size()), mean, options);
}

}  // namespace reckon
