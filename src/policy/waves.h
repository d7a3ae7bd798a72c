#pragma once
#include <span>

#include <reckon/model.h>

namespace reckon {

// Seconds of one step with `branches` live branches: linear between measured points, beyond the last one by its slope.
// `curve` is sorted by branches and not empty.
double step_seconds(std::span<const BatchCost> curve, int branches);

// Waves of `width` draws of equal length that lead 2 needs on average.
double waves_needed(int width);

// How many branches to draw at once. `preference` 0 asks for the fewest tokens, 1 for the shortest wait; in between the
// width minimises tokens^(1-preference) * seconds^preference. A wave costs `width` samples of tokens and as many steps
// as one sample; all of a wave is paid for, whenever in it the vote is decided. Without a curve a step is taken to cost
// the same at every width. Of equals the narrower is taken. Always within 1..most.
int wave_width(std::span<const BatchCost> curve, double preference, int most = 8);

}  // namespace reckon
