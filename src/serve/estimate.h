#pragma once
#include <cstdint>

#include "serve/ask.h"

namespace reckon {

// The most that a request can take.
struct Estimate {
  int64_t samples = 1;
  int64_t live = 1;     // samples at once
  int64_t each = 0;     // tokens of a sample
  int64_t scoring = 0;  // tokens that scoring one takes
  int64_t tokens = 0;   // computed, prompt included
  int64_t cells = 0;    // of KV memory at once
  double flops = 0;
};
Estimate estimate(const Ask& ask, int64_t prompt_tokens, const Capabilities& model);

// The strategy of a vote whose client wants `choices` samples: it ends no sooner than it has them. Throws Refusal where
// it draws fewer at most. Takes and returns a strategy as make_strategy does.
std::string with_choices(const std::string& strategy, int choices);

// Under load adaptive votes pay more for compute: with `waiting` requests in the queue and `active` places, the cap of
// an adaptive strategy becomes cap * active / (active + waiting), at least one sample, or what the strategy needs at
// least. Other strategies are what the client asked for and stay. Takes and returns a strategy as make_strategy does.
std::string shallower(const std::string& strategy, int waiting, int active);

}  // namespace reckon
