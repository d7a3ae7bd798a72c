#pragma once
#include <cstdint>

#include "eval/pool.h"
#include "policy/price.h"

namespace reckon {

struct StreamOptions {
  PriceControl::Options budget;
  int questions = 200;  // drawn from the pool with replacement, each in a new order
  int cap = 64;         // draws of one question, whatever the price
  uint64_t seed = 1;
};

struct StreamResult {
  double accuracy = 0;
  double tokens = 0;  // mean per question
  double price = 0;   // at the end
  double wobble = 0;  // standard deviation of ln(price) in the second half
};

// A stream of recorded questions under one price that follows a mean budget: does it converge, does it oscillate?
StreamResult replay_stream(const Pool& pool, const StreamOptions& options);

}  // namespace reckon
