#pragma once
#include <vector>

#include <reckon/model.h>

namespace reckon {

// How many samples to keep in flight, from the measured cost of a decode step at 1, 2, 4... branches. A wider wave
// finishes sooner and wastes more on samples that turn out not to be needed; it pays while another doubling still cuts
// the time per sample noticeably. 2 where nothing was measured (policy.md section 1: waves of 2 cost 0-5 % more
// tokens).
int wave_width(const std::vector<BatchCost>& curve);

}  // namespace reckon
