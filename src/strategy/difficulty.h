#pragma once
#include <reckon/strategy.h>

namespace reckon {

// How hard the question is for the model that was asked: the probability, in [0, 1], that one more draw would not give
// the outcome's answer. Mean of the posterior under a uniform prior (Laplace's rule of succession) over the samples
// that ended: (others + 1) / (samples + 2), where missing answers are others. 1/2 when nothing ended. It is about the
// question: a model can agree with itself and be wrong. docs/policy.md has what it is worth.
double difficulty(const Outcome& outcome);

}  // namespace reckon
