#pragma once
#include "strategy/scorer.h"

#include <reckon/options.h>

namespace reckon {

// Options of the strategies that draw a fixed number of samples and let a scorer choose.
struct ScoredOptions {
  int samples = 8;
  std::string scorer = "check";
  double discrimination = 0;
  static constexpr auto fields() {
    return std::tuple{
        field("samples", &ScoredOptions::samples, 1, 1024, "How many answers to draw."),
        field("scorer", &ScoredOptions::scorer, "check, p-true, judge or judge-pairwise."),
        field("discrimination", &ScoredOptions::discrimination, 0, 1,
              "Measured lower bound of how well scores tell right from wrong; up to 0.5 all samples weigh the same.")};
  }
};

struct ScoredPlan {
  int samples = 8;
  int wave = 8;         // samples in flight at most
  int accept = 0;       // stop when so many samples have a score above 0; 0: never
  bool sum = false;     // an answer is worth the sum of its samples' scores; otherwise the best of them
  bool trusted = true;  // false: scores are taken, but all samples weigh the same
};

// The loop that every strategy with a scorer shares: one prefill, forks in waves, each scored as it ends or all at
// last. The answer worth most wins, ties go to the vote; a sample without a score is worth nothing. Where scores are no
// opinion an answer without worth is never given: the run abstains.
Task<Outcome> draw_scored(const Question& question, Context& context, const Scorer& scorer, ScoredPlan plan);

// The same from options. Scores of a model's opinion count when their discrimination is above 0.5.
Task<Outcome> draw_scored(const Question& question, Context& context, const ScoredOptions& options, bool sum);

}  // namespace reckon
