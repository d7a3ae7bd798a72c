#pragma once
#include <optional>

#include "strategy/scorer.h"

namespace reckon {

// The samples of one run: forks of one prompt, each with a seed of its own, in the order in which they finish. Starts
// them only while the account allows, forwards their texts to whoever watches, and gives every sample its answer, and
// its score where there is a scorer. Dropping it cancels the samples still running. All parameters must outlive it.
class Drawing {
 public:
  Drawing(const Question& question, Context& context, const Branch& trunk, const Scorer* scorer = nullptr)
      : question_(question), context_(context), trunk_(trunk), scorer_(scorer) {}

  bool start();           // one more sample; false when the budget has no room for it
  void start(int count);  // up to `count` of them
  // The next sample that ends by itself; one that a ceiling stopped half-way has Finish::budget and is no draw. Nothing
  // when none is live. Throws when all have failed.
  Task<std::optional<Sample>> next() { return samples_.next(); }
  int live() const { return samples_.pending(); }

 private:
  const Question& question_;
  Context& context_;
  const Branch& trunk_;
  const Scorer* const scorer_;
  int started_ = 0;
  Stream<Sample> samples_;
};

}  // namespace reckon
