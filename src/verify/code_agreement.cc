#include "verify/code_agreement.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <reckon/error.h>

namespace reckon {

std::vector<AgreementScore> agreement_scores(const OutcomeRows& rows) {
  std::map<std::string, int> clusters;
  std::vector<AgreementScore> scores;
  std::vector<int> sizes;
  for (const std::string& row : rows) {
    if (row.size() != rows.front().size())
      throw Error(Code::invalid_request, "every program must have a result for every test");
    auto [at, fresh] = clusters.emplace(row, static_cast<int>(clusters.size()));
    if (fresh) sizes.push_back(0);
    ++sizes[static_cast<size_t>(at->second)];
    scores.push_back({at->second, static_cast<int>(std::count(row.begin(), row.end(), '1')), 0});
  }
  for (AgreementScore& score : scores) score.score = std::sqrt(sizes[static_cast<size_t>(score.cluster)]) * score.held;
  return scores;
}

std::vector<int> best_cluster(const std::vector<AgreementScore>& scores) {
  const AgreementScore* best = nullptr;
  for (const AgreementScore& score : scores)
    if (score.score > (best == nullptr ? 0.0 : best->score)) best = &score;
  std::vector<int> programs;
  for (size_t i = 0; best != nullptr && i < scores.size(); ++i)
    if (scores[i].cluster == best->cluster) programs.push_back(static_cast<int>(i));
  return programs;
}

}  // namespace reckon
