#include "policy/waves.h"

#include <algorithm>
#include <cmath>

namespace reckon {
namespace {
// How often the first two draws agree: lead 2, cap 16 takes 2.7 draws a question on MATH-500 (docs/policy.md), 2 / 2.7.
constexpr double kPairAgreement = 0.74;
}  // namespace

double step_seconds(std::span<const BatchCost> curve, int branches) {
  if (curve.size() == 1) return curve.front().seconds;
  size_t above = 1;
  while (above + 1 < curve.size() && curve[above].branches < branches) ++above;
  const BatchCost &a = curve[above - 1], &b = curve[above];
  if (branches <= a.branches) return a.seconds;
  return a.seconds + (b.seconds - a.seconds) * (branches - a.branches) / (b.branches - a.branches);
}

double waves_needed(int width) {
  // Lead 2 ends at draw 2k with probability agree * (1 - agree)^(k-1), a tie being where it started.
  double expected = 0, still_open = 1;
  for (int draws = 2; draws <= 64; draws += 2, still_open *= 1 - kPairAgreement)
    expected += still_open * kPairAgreement * ((draws + width - 1) / width);
  return expected;
}

int wave_width(std::span<const BatchCost> curve, double preference, int most) {
  preference = std::clamp(preference, 0.0, 1.0);
  int best = 1;
  double least = std::log(waves_needed(1));
  for (int width = 2; width <= most; ++width) {
    double step = curve.empty() ? 1 : step_seconds(curve, width) / step_seconds(curve, 1);
    double waves = waves_needed(width);
    double cost = (1 - preference) * std::log(waves * width) + preference * std::log(waves * step);
    if (cost < least - 1e-12) least = cost, best = width;
  }
  return best;
}

}  // namespace reckon
