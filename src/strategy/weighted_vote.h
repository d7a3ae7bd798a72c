#pragma once
#include "strategy/scored.h"

namespace reckon {

// A vote in which every sample weighs its score (Li et al. 2023, weighted majority).
class WeightedVote : public Strategy {
 public:
  using Options = ScoredOptions;
  explicit WeightedVote(Options options) : options_(std::move(options)) { (void)make_scorer(options_.scorer); }
  Task<Outcome> solve(const Question& question, Context& context) const override;
  std::string text() const override { return options_text("weighted-vote", options_); }

 private:
  Options options_;
};

}  // namespace reckon
