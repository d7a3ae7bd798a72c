#include "verify/code_agreement.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include <reckon/error.h>

namespace reckon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Agreement, ManyProgramsThatAgreeBeatOneThatHoldsMore) {
  OutcomeRows rows = {"1100", "1110", "1100", "1100", "ee10"};
  std::vector<AgreementScore> scores = agreement_scores(rows);
  EXPECT_DOUBLE_EQ(scores[0].score, std::sqrt(3.0) * 2);
  EXPECT_DOUBLE_EQ(scores[1].score, 3);
  EXPECT_EQ(scores[4].held, 1);
  EXPECT_THAT(best_cluster(scores), ElementsAre(0, 2, 3));
}

TEST(Agreement, TheFirstOfEqualClustersIsTaken) {
  EXPECT_THAT(best_cluster(agreement_scores({"10", "01"})), ElementsAre(0));
}

TEST(Agreement, NothingIsChosenWhenNothingHolds) {
  EXPECT_THAT(best_cluster(agreement_scores({"00", "ee"})), IsEmpty());
  EXPECT_THAT(best_cluster(agreement_scores({})), IsEmpty());
  EXPECT_THROW(agreement_scores({"1", "10"}), Error);
}

// Accuracy of a random program of the best cluster on CodeGen-16B's programs and tests for HumanEval, from the
// unpacked data set (docs/code-sandbox.md): 0.348, against 0.234 for the most tests held.
TEST(Agreement, ReproducesTheRecordedAccuracy) {
  const char* data = std::getenv("RECKON_DATA");
  std::string folder = std::string(data == nullptr ? "" : data) + "/traces-codet-humaneval/";
  if (data == nullptr) GTEST_SKIP() << "RECKON_DATA is not set, so the recorded votes were not read";
  std::map<std::string, std::string> passed;
  std::ifstream labels(folder + "labels.derived.tsv");
  for (std::string task, n, canonical, digits; labels >> task >> n >> canonical >> digits;) passed[task] = digits;

  FILE* pipe = popen(("zstd -dc '" + folder + "generated_test_votes.derived.jsonl.zst'").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string text;
  char buffer[65536];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  pclose(pipe);
  std::istringstream lines(text);
  double by_agreement = 0, by_count = 0;
  int tasks = 0;
  for (std::string line; std::getline(lines, line); ++tasks) {
    boost::json::value row = boost::json::parse(line);
    OutcomeRows rows;
    for (const auto& votes : row.at("votes").as_array()) rows.emplace_back(votes.as_string());
    const std::string& right = passed.at(std::string(row.at("task_id").as_string()));
    auto accuracy = [&](const std::vector<int>& programs) {
      double sum = 0;
      for (int i : programs) sum += right[static_cast<size_t>(i)] == '1';
      return programs.empty() ? 0 : sum / static_cast<double>(programs.size());
    };
    std::vector<AgreementScore> scores = agreement_scores(rows);
    std::vector<int> best = best_cluster(scores), tied;
    for (size_t i = 0; best.empty() && i < scores.size(); ++i)  // nothing holds: the cluster of the first program
      if (scores[0].held == 0 && scores[i].cluster == scores[0].cluster) tied.push_back(static_cast<int>(i));
    if (best.empty()) best = tied;
    by_agreement += accuracy(best);
    int most = 0;
    for (const AgreementScore& score : scores) most = std::max(most, score.held);
    std::vector<int> holders;
    for (size_t i = 0; i < scores.size(); ++i)
      if (scores[i].held == most) holders.push_back(static_cast<int>(i));
    by_count += accuracy(holders);
  }
  EXPECT_EQ(tasks, 164);
  EXPECT_NEAR(by_agreement / tasks, 0.348, 0.0005);
  EXPECT_NEAR(by_count / tasks, 0.234, 0.0005);
}

}  // namespace
}  // namespace reckon
