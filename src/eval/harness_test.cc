#include "eval/harness.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/rng.h"
#include "base/sim.h"
#include "eval/eval_fixture.h"
#include "eval/summary.h"
#include "model/testing/simulated_model.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace fs = std::filesystem;

class EvalTest : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  EvalOptions options(std::vector<std::string> strategies) {
    return {.strategies = std::move(strategies), .seed = 3, .folder = folder_};
  }
  std::vector<EvalRow> evaluate_all(EvalOptions o, int count, EvalHooks hooks = {}) {
    Sim sim;
    return sim.run(evaluate(questions(count), model_, verifier_, std::move(o), std::move(hooks)));
  }
  HashModel model_;
  Marked verifier_;
  std::string folder_ =
      testing::TempDir() + "eval_test_" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(EvalTest, StrategiesArePairedOnTheSameQuestions) {
  auto rows = evaluate_all(options({"single", "adaptive"}), 5);
  ASSERT_EQ(rows.size(), 10u);
  for (size_t i = 0; i < rows.size(); i += 2) EXPECT_EQ(rows[i].question, rows[i + 1].question);
  int64_t total = 0;
  for (const EvalRow& row : rows) total += row.usage.computed();
  EXPECT_EQ(total, model_.computed);
}

TEST_F(EvalTest, SeveralQuestionsAtATimeGiveTheSameRows) {
  auto one = evaluate_all(options({"adaptive"}), 12);
  fs::remove_all(folder_);
  EvalOptions wide = options({"adaptive"});
  wide.parallel = 5;
  auto many = evaluate_all(wide, 12);
  ASSERT_EQ(one.size(), many.size());
  for (size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].answer + one[i].question, many[i].answer + many[i].question);
}

// Cut the results file at any byte, as kill -9 or a full disk may leave it: the rest is run again, nothing twice.
TEST_F(EvalTest, ResumesFromAnyCutWithNoRowTwiceAndNoneLost) {
  auto whole = evaluate_all(options({"single", "adaptive"}), 6);
  std::string path = folder_ + "/results.jsonl";
  auto size = fs::file_size(path);
  Rng rng(1);
  for (int i = 0; i < 30; ++i) {
    fs::resize_file(path, rng.below(size + 1));
    EvalProgress first{.done = -1};
    auto rows = evaluate_all(options({"single", "adaptive"}), 6, {.progress = [&](const EvalProgress& p) {
                               if (first.done < 0) first = p;
                             }});
    ASSERT_EQ(rows.size(), whole.size());
    for (size_t k = 0; k < rows.size(); ++k) {
      rows[k].cpu_seconds = whole[k].cpu_seconds;  // the one figure that comes from the machine
      ASSERT_EQ(to_json(rows[k]), to_json(whole[k]));
    }
    std::ifstream in(path);
    int lines = 0;
    for (std::string line; std::getline(in, line);) ++lines;
    ASSERT_EQ(lines, 12);
    ASSERT_EQ(first.done, first.resumed);
  }
}

TEST_F(EvalTest, AFolderOfAnotherRunIsRefused) {
  evaluate_all(options({"single"}), 3);
  EvalOptions other = options({"single"});
  other.seed = 4;
  EXPECT_THROW(evaluate_all(other, 3), Error);
}

TEST_F(EvalTest, AFailedRunIsARowThatSaysWhy) {
  EvalOptions poor = options({"single"});
  poor.budget.tokens = 1;
  auto rows = evaluate_all(poor, 2);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].verdict, "error");
  EXPECT_NE(rows[0].error.find("budget"), std::string::npos);
  auto summary = summarize(rows, 1);
  EXPECT_EQ(summary[0].failed, 2);
  EXPECT_EQ(summary[0].accuracy.value, 0);
}

TEST_F(EvalTest, SummariesPrintAccuracyBesideItsCost) {
  auto rows = evaluate_all(options({"self-consistency:samples=16,early_stop=false", "adaptive"}), 30);
  auto summaries = summarize(rows, 1);
  ASSERT_EQ(summaries.size(), 2u);
  EXPECT_GT(summaries[0].tokens, summaries[1].tokens);
  EXPECT_GT(summaries[1].token_ratio.lo, 1);
  EXPECT_LE(summaries[1].difference.lo, summaries[1].difference.value);
  std::string csv = to_csv(rows);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 61);
}

}  // namespace
}  // namespace reckon
