#include "policy/waves.h"

#include <algorithm>
#include <cmath>

namespace reckon {

double step_seconds(std::span<const BatchCost> curve, int branches) {
  if (curve.size() == 1) return curve.front().seconds;
  size_t above = 1;
  while (above + 1 < curve.size() && curve[above].branches < branches) ++above;
  const BatchCost &a = curve[above - 1], &b = curve[above];
  if (branches <= a.branches) return a.seconds;
  return a.seconds + (b.seconds - a.seconds) * (branches - a.branches) / (b.branches - a.branches);
}

double wave_waste(int width) { return 1 + 0.05 * (width - 1); }

int wave_width(std::span<const BatchCost> curve, double preference, int most) {
  preference = std::clamp(preference, 0.0, 1.0);
  int best = 1;
  double least = 0;
  for (int width = 2; width <= most; ++width) {
    double step = curve.empty() ? 1 : step_seconds(curve, width) / step_seconds(curve, 1);
    // ln tokens^(1-p) seconds^p relative to width 1: both grow with the waste, the wait shrinks with the width.
    double cost = std::log(wave_waste(width)) + preference * std::log(step / width);
    if (cost < least) least = cost, best = width;
  }
  return best;
}

}  // namespace reckon
