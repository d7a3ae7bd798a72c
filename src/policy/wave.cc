#include "policy/wave.h"

namespace reckon {

int wave_width(const std::vector<BatchCost>& curve) {
  if (curve.empty() || curve.front().branches != 1) return 2;
  int width = 1;
  double best = curve.front().seconds;  // per sample and step
  for (const BatchCost& point : curve) {
    if (point.branches > 4) break;  // beyond, samples wasted at the decision cost more than the batch saves
    double per_sample = point.seconds / point.branches;
    if (per_sample < 0.9 * best) best = per_sample, width = point.branches;
  }
  return width;
}

}  // namespace reckon
