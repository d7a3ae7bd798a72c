#pragma once
#include <span>
#include <vector>

#include "eval/replay.h"
#include "policy/votes.h"

namespace reckon {

// Which of the orders of a question.
struct OrderKey {
  uint64_t seed;
  int index;
  int draws;  // only so many from the front are random
};
// Fills `order` (one element per sample) with a random draw without replacement that depends on nothing but the key and
// the names of pool and question.
void draw_order(const Pool& pool, const Pool::Question& question, const OrderKey& key, std::span<int> order);

// Counts a recorded sample as one that has ended.
void add(Tally& tally, const Pool::Sample& sample);

// One question answered in one order by one policy.
struct ReplayRun {
  int vote = -1;  // an answer of the question, or -1
  int n = 0;      // draws ended and counted
  double tokens = 0, sequential = 0, seconds = 0, flops = 0;
};

// The event loop of a live adaptive run with the lengths of recorded samples in place of a model: waves of
// options.width, all live branches advance one token a step.
class Replayer {
 public:
  Replayer(const ReplayOptions& options, const Pool& pool);
  // `order` holds indices of the question's samples; they are drawn from its front.
  ReplayRun run(const Pool::Question& question, std::span<const int> order, const Policy& policy);
  double mean_draw() const { return tally_.state().mean_draw; }  // tokens, over the whole pool

 private:
  struct Branch {
    int sample;
    double start, finish;  // steps
  };
  void advance(double to, ReplayRun& run);
  void charge(const Pool::Question& question, double tokens, ReplayRun& run) const;

  const ReplayOptions& options_;
  const Pool& pool_;
  std::vector<double> step_;  // seconds with 1, 2, ... branches; empty without a curve
  Tally tally_;
  std::vector<Branch> live_;
};

// FLOPs of `tokens` generated after a prompt of that many tokens.
double decode_flops(const Shape& shape, double prompt, double tokens);

}  // namespace reckon
