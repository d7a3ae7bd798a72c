#pragma once
#include <span>
#include <vector>

#include "stats/bootstrap.h"

namespace reckon {

struct ScoredAnswer {
  double score = 0;
  bool right = false;
};

// How well scores tell right answers from wrong ones to the same question: the probability that a right one scores
// above a wrong one (equal scores count half), the mean over the questions that have both. Easy questions with high
// scores add nothing to it, unlike to an AUC over all answers at once. Questions are the units of the bootstrap.
struct Discrimination {
  Interval auc;       // 0.5 is a coin
  int questions = 0;  // with right and wrong answers; the others tell nothing
};
// `questions`: the answers of each. With fewer than two questions that have both kinds the interval is [0, 1].
Discrimination within_question_discrimination(std::span<const std::vector<ScoredAnswer>> questions,
                                              const BootstrapOptions& options = {});

}  // namespace reckon
