#include "stats/stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include <reckon/error.h>

namespace reckon {
namespace {

void require(bool sound, const char* message) {
  if (!sound) throw Error(Code::invalid_request, message);
}

void require_share(int successes, int trials, double level) {
  require(trials > 0, "a share needs at least one trial");
  require(successes >= 0 && successes <= trials, "a share cannot have more successes than trials");
  require(level > 0 && level < 1, "a confidence level lies between 0 and 1");
}

}  // namespace

Interval wilson(int successes, int trials, double level) {
  require_share(successes, trials, level);
  double z = boost::math::quantile(boost::math::normal(), 0.5 + level / 2), n = trials, p = successes / n;
  double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {p, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Interval clopper_pearson(int successes, int trials, double level) {
  require_share(successes, trials, level);
  using boost::math::beta_distribution;
  double tail = (1 - level) / 2;
  Interval interval{static_cast<double>(successes) / trials, 0, 1};
  if (successes > 0) interval.lo = quantile(beta_distribution<>(successes, trials - successes + 1), tail);
  if (successes < trials)
    interval.hi = quantile(complement(beta_distribution<>(successes + 1, trials - successes), tail));
  return interval;
}

double clopper_pearson_upper(int successes, int trials, double level) {
  require_share(successes, trials, level);
  if (successes == trials) return 1;
  return quantile(boost::math::beta_distribution<>(successes + 1, trials - successes), level);
}

double mcnemar_exact(int only_a, int only_b) {
  require(only_a >= 0 && only_b >= 0, "McNemar's test needs counts that are not negative");
  int n = only_a + only_b;
  if (n == 0) return 1;
  return std::min(1.0, 2 * cdf(boost::math::binomial(n, 0.5), std::min(only_a, only_b)));
}

NonInferiority non_inferiority(std::span<const double> differences, double margin, double level) {
  require(differences.size() >= 2, "non-inferiority needs at least two questions");
  require(margin >= 0, "a non-inferiority margin is not negative");
  require(level > 0.5 && level < 1, "a confidence level for a one-sided bound lies between 0.5 and 1");
  double n = static_cast<double>(differences.size());
  NonInferiority result;
  result.mean = std::accumulate(differences.begin(), differences.end(), 0.0) / n;
  double squares = 0;
  for (double d : differences) squares += (d - result.mean) * (d - result.mean);
  double error = std::sqrt(squares / (n - 1) / n);
  boost::math::students_t t(n - 1);
  result.lower = result.mean - quantile(t, level) * error;
  if (error > 0) result.p = cdf(complement(t, (result.mean + margin) / error));
  else result.p = result.mean > -margin ? 0 : 1;
  result.holds = result.lower > -margin;
  return result;
}

double pass_at_k(int n, int c, int k) {
  require(n > 0 && c >= 0 && c <= n && k >= 1 && k <= n, "pass@k needs 0 <= right <= samples and 1 <= k <= samples");
  if (n - c < k) return 1;
  double none = 1;
  for (int i = n - c + 1; i <= n; ++i) none *= 1 - static_cast<double>(k) / i;
  return 1 - none;
}

std::vector<double> isotonic(std::span<const double> values, std::span<const double> weights) {
  require(weights.empty() || weights.size() == values.size(), "an isotonic fit needs one weight per value");
  struct Block {
    double sum, weight;
    size_t size;
    double mean() const { return sum / weight; }
  };
  std::vector<Block> blocks;
  for (size_t i = 0; i < values.size(); ++i) {
    double weight = weights.empty() ? 1 : weights[i];
    require(weight > 0, "an isotonic fit needs positive weights");
    blocks.push_back({values[i] * weight, weight, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() >= blocks.back().mean()) {
      Block last = blocks.back();
      blocks.pop_back();
      blocks.back() = {blocks.back().sum + last.sum, blocks.back().weight + last.weight,
                       blocks.back().size + last.size};
    }
  }
  std::vector<double> fit;
  for (const Block& block : blocks) fit.insert(fit.end(), block.size, block.mean());
  return fit;
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] != p[b] ? p[a] < p[b] : a < b; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, std::min(1.0, p[order[rank]] * static_cast<double>(p.size() - rank)));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

double sorted_quantile(std::span<const double> sorted, double q) {
  require(!sorted.empty(), "a quantile needs at least one value");
  double at = std::clamp(q, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  size_t below = static_cast<size_t>(at), above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace reckon
