#include "strategy/difficulty.h"

#include <algorithm>

namespace reckon {

double difficulty(const Outcome& outcome) {
  auto same = [&](const Sample& sample) {
    return outcome.answer && sample.answer && sample.answer->canonical == outcome.answer->canonical;
  };
  auto samples = static_cast<double>(outcome.samples.size());
  auto others = samples - static_cast<double>(std::ranges::count_if(outcome.samples, same));
  return (others + 1) / (samples + 2);
}

}  // namespace reckon
