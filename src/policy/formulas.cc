#include "policy/formulas.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace reckon {
namespace {

constexpr int kTable = 64;      // draws
constexpr int kLookahead = 16;  // draws

// ln C(n, k)
double log_choose(int n, int k) { return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0); }

// 2^-m sum_{j <= v1} C(m, j) with m = v1 + v2 + 1
double direct_beta_stay(int v1, int v2) {
  int m = v1 + v2 + 1;
  double sum = 0;
  for (int j = 0; j <= v2; ++j) sum += std::exp(log_choose(m, j) - m * std::numbers::ln2);  // the smaller tail
  return 1 - sum;
}

double direct_log_e(int v1, int v2) {
  double log_beta = std::lgamma(v1 + 1.0) + std::lgamma(v2 + 1.0) - std::lgamma(v1 + v2 + 2.0);
  return (v1 + v2 + 1) * std::numbers::ln2 + log_beta + std::log(direct_beta_stay(v1, v2));
}

// C(a + x - 1, x) for x = 0..k: the ways of drawing colour `a` x times from a Polya urn.
std::array<double, kLookahead + 1> rising(double a, int k) {
  std::array<double, kLookahead + 1> ways{1};
  for (int x = 1; x <= k; ++x) ways[x] = ways[x - 1] * (a + x - 1) / x;
  return ways;
}

double direct_value(int v1, int v2, int rest) {
  double best = 0;
  for (int k = 1; k <= kLookahead; k *= 2) best = std::max(best, flip_probability(v1, v2, rest, k) / k);
  return best;
}

// Every reachable state of up to kTable draws: [n][v1][v2 <= n/2].
struct Tables {
  static constexpr int kHalf = kTable / 2 + 1;
  std::vector<double> stay = std::vector<double>((kTable + 1) * kHalf);
  std::vector<double> log_e = std::vector<double>((kTable + 1) * kHalf);
  std::vector<double> value = std::vector<double>((kTable + 1) * (kTable + 1) * kHalf);
  static int stay_at(int v1, int v2) { return v1 * kHalf + v2; }
  static int value_at(int n, int v1, int v2) { return (n * (kTable + 1) + v1) * kHalf + v2; }
  Tables() {
    for (int n = 0; n <= kTable; ++n)
      for (int v1 = 0; v1 <= n; ++v1)
        for (int v2 = 0; v2 <= std::min(v1, n - v1); ++v2) {
          value[value_at(n, v1, v2)] = direct_value(v1, v2, n - v1 - v2);
          if (v1 + v2 == n) stay[stay_at(v1, v2)] = direct_beta_stay(v1, v2);
          if (v1 + v2 == n) log_e[stay_at(v1, v2)] = direct_log_e(v1, v2);
        }
  }
};
const Tables& tables() {
  static const Tables all;
  return all;
}

}  // namespace

double beta_stay(int v1, int v2) {
  return v2 <= v1 && v1 + v2 <= kTable ? tables().stay[Tables::stay_at(v1, v2)] : direct_beta_stay(v1, v2);
}

double flip_probability(int v1, int v2, int rest, int k) {
  if (v2 + k <= v1) return 0;
  auto leader = rising(v1 + 1, k), runner_up = rising(v2 + 1, k), others = rising(rest + 1, k);
  double sum = 0;
  for (int x2 = v1 - v2 + 1; x2 <= k; ++x2)
    for (int x1 = 0; x1 + x2 <= k && v1 + x1 < v2 + x2; ++x1) sum += leader[x1] * runner_up[x2] * others[k - x1 - x2];
  return sum / rising(v1 + v2 + rest + 3, k)[k];
}

double value_of_computation(int v1, int v2, int rest) {
  int n = v1 + v2 + rest;
  return v2 <= v1 && n <= kTable ? tables().value[Tables::value_at(n, v1, v2)] : direct_value(v1, v2, rest);
}

double log_e_value(int v1, int v2) {
  return v2 <= v1 && v1 + v2 <= kTable ? tables().log_e[Tables::stay_at(v1, v2)] : direct_log_e(v1, v2);
}

}  // namespace reckon
