#pragma once
#include "strategy/scored.h"

namespace reckon {

// Draws several answers and returns the one with the best score (Cobbe et al. 2021); ties go to the vote.
class BestOfN : public Strategy {
 public:
  using Options = ScoredOptions;
  explicit BestOfN(Options options) : options_(std::move(options)) { (void)make_scorer(options_.scorer); }
  Task<Outcome> solve(const Question& question, Context& context) const override;
  std::string text() const override { return options_text("best-of-n", options_); }

 private:
  Options options_;
};

}  // namespace reckon
