#pragma once
#include <span>

#include <reckon/model.h>

namespace reckon {

// Seconds of one step with `branches` live branches: linear between measured points, beyond the last one by its slope.
// `curve` is sorted by branches and not empty.
double step_seconds(std::span<const BatchCost> curve, int branches);

// How many branches to draw at once. `preference` 0 asks for the fewest tokens, 1 for the shortest wait; in between the
// width minimises tokens^(1-preference) * seconds^preference: wider waves waste the tokens of branches that were
// running when the vote was decided, and their steps take longer by the curve. Both were measured by replay
// (docs/policy.md). Without a curve a step is taken to cost the same at every width. Always within 1..most.
int wave_width(std::span<const BatchCost> curve, double preference, int most = 8);

}  // namespace reckon
