#include "policy/waves.h"

#include <algorithm>
#include <cmath>

namespace reckon {
namespace {

// Lead 2, cap 16 in waves with cancellation and refill, relative to one draw after the other: geometric means of AIME24
// (11 models) and MATH-500 (7 models), docs/policy.md.
struct Measured {
  int width;
  double tokens, sequential;
};
constexpr Measured kMeasured[] = {{1, 1, 1},      {2, 1.05, .53}, {3, 1.19, .41}, {4, 1.33, .35},
                                  {6, 1.63, .30}, {8, 1.92, .27}, {16, 3.07, .22}};

}  // namespace

double step_seconds(std::span<const BatchCost> curve, int branches) {
  if (curve.size() == 1) return curve.front().seconds;
  size_t above = 1;
  while (above + 1 < curve.size() && curve[above].branches < branches) ++above;
  const BatchCost &a = curve[above - 1], &b = curve[above];
  if (branches <= a.branches) return a.seconds;
  return a.seconds + (b.seconds - a.seconds) * (branches - a.branches) / (b.branches - a.branches);
}

int wave_width(std::span<const BatchCost> curve, double preference, int most) {
  preference = std::clamp(preference, 0.0, 1.0);
  int best = 1;
  double least = 0;
  for (const Measured& m : kMeasured) {
    if (m.width > most) break;
    double step = curve.empty() ? 1 : step_seconds(curve, m.width) / step_seconds(curve, 1);
    double cost = (1 - preference) * std::log(m.tokens) + preference * std::log(m.sequential * step);
    if (cost < least) least = cost, best = m.width;
  }
  return best;
}

}  // namespace reckon
