#include "eval/arms.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/rng.h"
#include "base/sim.h"
#include "eval/eval_fixture.h"
#include "model/testing/simulated_model.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ArmsTest : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  EvalOptions options(std::vector<std::string> strategies) {
    return {.strategies = std::move(strategies), .seed = 3, .folder = folder_};
  }
  EvalOptions with_budget(double tokens) {
    EvalOptions o = options({"single", "adaptive:rule=voc,cap=12"});
    o.mean_budget = {.tokens = tokens};
    return o;
  }
  std::vector<EvalRow> evaluate_all(const EvalOptions& o, int count) {
    Sim sim;
    HashModel model;
    Marked verifier;
    return sim.run(evaluate(questions(count), model, verifier, o, {}));
  }
  std::string folder_ =
      testing::TempDir() + "arms_test_" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ArmsTest, ThePriceFollowsTheRowsAndOnlyWhereItShould) {
  EvalOptions o = with_budget(60);
  auto rows = evaluate_all(o, 40);
  PriceControl control(*o.mean_budget);
  for (const EvalRow& row : rows) {
    if (row.strategy.starts_with("single")) {
      EXPECT_FALSE(row.price);
      continue;
    }
    EXPECT_THAT(row.strategy, HasSubstr(" --mean-budget tokens=60"));
    EXPECT_EQ(row.strategy.find("lambda"), std::string::npos);
    ASSERT_TRUE(row.price);
    EXPECT_EQ(*row.price, control.price());  // to the last bit
    EXPECT_LE(row.samples, 12 + 8);          // the cap holds at every price; a wave may be in flight
    control.observe(static_cast<double>(row.usage.computed()));
  }
}

TEST_F(ArmsTest, ASmallerBudgetSpendsLess) {
  auto spent = [&](double tokens) {
    fs::remove_all(folder_);
    double sum = 0;
    for (const EvalRow& row : evaluate_all(with_budget(tokens), 120))
      if (row.price) sum += static_cast<double>(row.usage.computed());
    return sum;
  };
  EXPECT_LT(spent(30), spent(400));
}

// As kill -9 may leave it: the price goes on from the rows that are there.
TEST_F(ArmsTest, AContinuedEvaluationPaysTheSamePrices) {
  auto whole = evaluate_all(with_budget(60), 12);
  std::string path = folder_ + "/results.jsonl";
  auto size = fs::file_size(path);
  Rng rng(2);
  for (int i = 0; i < 20; ++i) {
    fs::resize_file(path, rng.below(size + 1));
    auto rows = evaluate_all(with_budget(60), 12);
    ASSERT_EQ(rows.size(), whole.size());
    for (size_t k = 0; k < rows.size(); ++k) {
      rows[k].cpu_seconds = whole[k].cpu_seconds;  // the one figure that comes from the machine
      ASSERT_EQ(to_json(rows[k]), to_json(whole[k]));
    }
  }
}

TEST_F(ArmsTest, SeveralQuestionsAtATimeMoveThePriceInTheOrderOfTheResults) {
  EvalOptions o = with_budget(60);
  o.strategies = {"adaptive:rule=voc"};
  o.parallel = 4;
  evaluate_all(o, 30);
  std::ifstream in(folder_ + "/results.jsonl");
  PriceControl control(*o.mean_budget);
  std::vector<double> prices{control.price()};
  int rows = 0;
  for (std::string line; std::getline(in, line);) {
    EvalRow row = parse_eval_row(line);
    auto at = std::ranges::find(prices, *row.price);
    EXPECT_NE(at, prices.end());  // a price that was current when the question began
    ++rows;
    control.observe(static_cast<double>(row.usage.computed()));
    prices.push_back(control.price());
  }
  EXPECT_EQ(rows, 30);
}

TEST_F(ArmsTest, AMeanBudgetWithoutAStrategyToMoveIsRefused) {
  EvalOptions o = options({"single", "adaptive", "adaptive:rule=voc,lambda=0.02"});
  o.mean_budget = {.tokens = 60};
  EXPECT_THROW(make_arms(o, "m"), Error);
}

Calibration calibration(const std::string& model) {
  return {.model = model,
          .task = "math",
          .pair_agreement = 0.999,
          .points = {{.policy = "lead:m=3,cap=5"}},
          .balanced = 0,
          .passed = true};
}

TEST_F(ArmsTest, ACalibrationIsUsedWhereItMatchesAndItsArmSaysSo) {
  EvalOptions o = options({"single", "adaptive", "adaptive:m=4"});
  o.calibration = calibration(HashModel().capabilities().name);
  auto rows = evaluate_all(o, 25);
  int calibrated = 0;
  for (const EvalRow& row : rows)
    if (row.strategy.ends_with(" --calibration")) {
      ++calibrated;
      EXPECT_TRUE(row.stop_reason == "cap" || row.stop_reason == "decided");
      EXPECT_TRUE(row.first_two_agree);
    }
  EXPECT_EQ(calibrated, 25);
  std::vector<Question> asked;
  for (int i = 0; i < 25; ++i) asked.push_back({.id = std::to_string(i)});
  EXPECT_THAT(harder_than_calibrated(*o.calibration, asked, rows), HasSubstr("they are harder"));
  for (Question& question : asked) question.task = TaskKind::text;
  EXPECT_EQ(harder_than_calibrated(*o.calibration, asked, rows), "");
}

TEST_F(ArmsTest, ACalibrationOfAnotherModelChangesNothing) {
  auto plain = evaluate_all(options({"adaptive"}), 8);
  fs::remove_all(folder_);
  EvalOptions o = options({"adaptive"});
  o.calibration = calibration("another");
  auto rows = evaluate_all(o, 8);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].cpu_seconds = plain[i].cpu_seconds;
    EXPECT_EQ(to_json(rows[i]), to_json(plain[i]));
  }
}

}  // namespace
}  // namespace reckon
