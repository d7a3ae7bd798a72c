#include "stats/discrimination.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace reckon {
namespace {

// Mann-Whitney: one sorted pass over the scores.
std::optional<double> auc(std::vector<ScoredAnswer> answers) {
  std::ranges::sort(answers, {}, &ScoredAnswer::score);
  double above = 0, right = 0, wrong = 0;
  for (size_t i = 0; i < answers.size();) {
    double rights = 0, wrongs = 0;  // of equal scores
    const double score = answers[i].score;
    for (; i < answers.size() && answers[i].score <= score; ++i) (answers[i].right ? rights : wrongs) += 1;
    above += rights * (wrong + wrongs / 2);
    right += rights, wrong += wrongs;
  }
  if (right == 0 || wrong == 0) return std::nullopt;
  return above / (right * wrong);
}

}  // namespace

Discrimination within_question_discrimination(std::span<const std::vector<ScoredAnswer>> questions,
                                              const BootstrapOptions& options) {
  std::vector<double> values;
  for (const std::vector<ScoredAnswer>& answers : questions)
    if (std::optional<double> value = auc(answers)) values.push_back(*value);
  const int count = static_cast<int>(values.size());
  if (count < 2) return {.auc = {.value = count == 1 ? values[0] : 0.5, .lo = 0, .hi = 1}, .questions = count};
  auto mean = [&](std::span<const double> weights) {
    return std::inner_product(values.begin(), values.end(), weights.begin(), 0.0) /
           std::accumulate(weights.begin(), weights.end(), 0.0);
  };
  return {.auc = bootstrap(count, mean, options), .questions = count};
}

}  // namespace reckon
