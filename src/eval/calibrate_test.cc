#include "eval/calibrate.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include <reckon/error.h>

#include "base/rng.h"
#include "eval/text_file.h"

namespace reckon {
namespace {

// Questions of every difficulty: answer 0 is right, the others split the rest.
Pool random_pool(int questions, int samples, uint64_t seed) {
  Pool pool{.name = "p", .model = "small", .dataset = "sums"};
  Rng rng(seed);
  for (int i = 0; i < questions; ++i) {
    Pool::Question q{.id = std::to_string(i)};
    for (int a = 0; a < 5; ++a) q.answers.push_back({std::to_string(a), a == 0});
    double easy = std::sqrt(rng.uniform());
    for (int s = 0; s < samples; ++s)
      q.samples.push_back(
          {rng.uniform() < easy ? 0 : 1 + static_cast<int>(rng.below(4)), 100 + static_cast<double>(rng.below(900))});
    pool.questions.push_back(std::move(q));
  }
  return pool;
}

TEST(Calibrate, ChoosesTheCheapestPointThatKeepsTheTarget) {
  Calibration c = calibrate(random_pool(400, 32, 1), {.target_points = 2, .orders = 4, .resamples = 60});
  ASSERT_TRUE(c.passed) << c.verdict;
  ASSERT_TRUE(c.balanced);
  EXPECT_GT(c.points[*c.balanced].d_lo, -0.02);
  for (size_t i = 1; i < c.points.size(); ++i) EXPECT_GT(c.points[i].accuracy, c.points[i - 1].accuracy);
  if (*c.balanced > 0) EXPECT_LE(c.points[*c.balanced - 1].d_lo, -0.02);
  EXPECT_LE(*c.economy, *c.balanced);
  EXPECT_THAT(c.verdict, testing::HasSubstr(c.points[*c.balanced].policy));
  Calibration strict = calibrate(random_pool(400, 32, 1), {.target_points = 0.01, .orders = 4, .resamples = 60});
  EXPECT_FALSE(strict.passed);
  EXPECT_THAT(strict.verdict, testing::HasSubstr("the default stays"));
}

TEST(Calibrate, RefusesToChooseFromTooLittle) {
  Calibration few = calibrate(random_pool(199, 40, 2)), shallow = calibrate(random_pool(200, 31, 2));
  for (const Calibration& c : {few, shallow}) {
    EXPECT_FALSE(c.passed);
    EXPECT_FALSE(c.balanced);
    EXPECT_THAT(c.verdict, testing::HasSubstr("too few"));
  }
  EXPECT_THROW(calibrate(random_pool(300, 1, 2)), Error);
  EXPECT_THROW(calibrate(random_pool(300, 40, 2), {.target_points = 0}), Error);
  EXPECT_THROW(calibrate(random_pool(300, 40, 2), {.max_risk = 100}), Error);
}

TEST(Calibrate, KeepsQuestionFamiliesTogether) {
  Pool pool = random_pool(300, 2, 3);
  for (size_t i = 0; i < pool.questions.size(); ++i) pool.questions[i].family = "family " + std::to_string(i / 7);
  auto [a, b] = split_by_family(pool, 5);
  std::set<std::string> first, second;
  for (const auto& q : a.questions) first.insert(q.family);
  for (const auto& q : b.questions) second.insert(q.family);
  for (const std::string& family : first) EXPECT_FALSE(second.contains(family));
  EXPECT_EQ(a.questions.size() + b.questions.size(), 300u);
  EXPECT_NEAR(static_cast<double>(a.questions.size()), 150, 7);
}

TEST(Calibrate, ARiskBoundMovesTheChoiceToDearerPointsOrToNone) {
  Pool pool = random_pool(400, 32, 4);
  Calibration free = calibrate(pool, {.target_points = 5, .orders = 4, .resamples = 60});
  Calibration safe = calibrate(pool, {.target_points = 5, .max_risk = 6, .orders = 4, .resamples = 60});
  ASSERT_TRUE(free.balanced && safe.balanced);
  EXPECT_GE(*safe.balanced, *free.balanced);
  EXPECT_LE(safe.points[*safe.balanced].risk_hi, 0.06);
  Calibration never = calibrate(pool, {.target_points = 5, .max_risk = 0.01, .orders = 4, .resamples = 60});
  EXPECT_FALSE(never.passed);
}

// The certificate's promise, on splits of a population whose true risks are known.
TEST(Calibrate, TheCertificateHoldsInAtLeastNinetyFivePercentOfSplits) {
  constexpr int kPopulation = 2000, kCalibration = 300, kSplits = 200;
  Pool pool = random_pool(kPopulation, 24, 6);
  std::vector<std::unique_ptr<Policy>> policies;
  for (const char* text : {"fixed:n=24", "lead:m=6,cap=24", "lead:m=5,cap=24", "lead:m=4,cap=24", "lead:m=3,cap=24",
                           "lead:m=3,cap=12", "lead:m=2,cap=16", "lead:m=2,cap=8", "lead:m=2,cap=4", "fixed:n=1"})
    policies.push_back(parse_policy(text));
  auto all = run_losses(pool, policies, {.most = 24});
  std::vector<double> risk;
  for (const auto& lost : all)
    risk.push_back(static_cast<double>(std::count(lost.begin(), lost.end(), true)) / kPopulation);
  for (double max_risk : {.02, .05, .08}) {
    int held = 0, chosen = 0;
    for (int s = 0; s < kSplits; ++s) {
      Rng rng(derive(9, static_cast<uint64_t>(s)));
      std::vector<int> picks(kPopulation);
      for (int i = 0; i < kPopulation; ++i) picks[i] = i;
      for (int i = 0; i < kCalibration; ++i) std::swap(picks[i], picks[i + rng.below(kPopulation - i)]);
      std::vector<std::vector<bool>> losses(all.size());
      for (size_t p = 0; p < all.size(); ++p)
        for (int i = 0; i < kCalibration; ++i) losses[p].push_back(all[p][picks[i]]);
      auto point = certified(losses, max_risk, 0.95);
      chosen += point.has_value();
      held += !point || risk[*point] <= max_risk;
    }
    EXPECT_GE(held, kSplits * 95 / 100) << max_risk;
    if (max_risk >= .05) EXPECT_EQ(chosen, kSplits);  // the promise is not kept by promising nothing
  }
}

TEST(Calibration, SurvivesBeingWrittenAndRead) {
  Calibration c =
      calibrate(random_pool(300, 40, 1), {.target_points = 3, .max_risk = 10, .orders = 5, .resamples = 50});
  c.created = "2026-01-01", c.source_sha256 = "ab";
  Calibration again = parse_calibration(to_json(c));
  EXPECT_EQ(again.model, c.model);
  EXPECT_EQ(again.created, "2026-01-01");
  EXPECT_EQ(again.verdict, c.verdict);
  EXPECT_EQ(again.balanced, c.balanced);
  EXPECT_EQ(again.quality, c.quality);
  EXPECT_NEAR(again.pair_agreement, c.pair_agreement, 1e-12);
  EXPECT_EQ(again.curve_accuracy.size(), c.curve_accuracy.size());
  ASSERT_EQ(again.points.size(), c.points.size());
  for (size_t i = 0; i < c.points.size(); ++i) {
    EXPECT_EQ(again.points[i].policy, c.points[i].policy);
    EXPECT_NEAR(again.points[i].d_lo, c.points[i].d_lo, 1e-12);
    EXPECT_NEAR(again.points[i].risk_hi, c.points[i].risk_hi, 1e-12);
  }
}

TEST(Calibration, IsIgnoredWithAReasonWhereItDoesNotBelong) {
  Calibration c{
      .model = "small", .task = "sums", .points = {{.policy = "lead:m=3,cap=12"}}, .balanced = 0, .passed = true};
  EXPECT_EQ(calibrated_policy(c, "small", "sums", "balanced").policy, "lead:m=3,cap=12");
  EXPECT_EQ(calibrated_policy(c, "small", "sums", "balanced").ignored, "");
  EXPECT_EQ(calibrated_policy(c, "small", "sums", "economy").policy, "lead:m=2,cap=8");
  EXPECT_THAT(calibrated_policy(c, "small", "sums", "economy").ignored, testing::HasSubstr("no point"));
  EXPECT_THAT(calibrated_policy(c, "large", "sums", "balanced").ignored, testing::HasSubstr("the model small"));
  EXPECT_THAT(calibrated_policy(c, "small", "code", "balanced").ignored, testing::HasSubstr("the task sums"));
  c.passed = false;
  EXPECT_EQ(calibrated_policy(c, "small", "sums", "balanced").policy, "lead:m=2,cap=16");
}

TEST(Calibration, RefusesOtherVersionsAndDamage) {
  Calibration c{.model = "m", .points = {{.policy = "lead:m=3,cap=12"}}, .balanced = 0};
  std::string good = to_json(c);
  auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_NO_THROW(parse_calibration(with("\"format\"", "\"new\":1,\"format\"")));
  for (const std::string& bad :
       {std::string(""), std::string("[]"), good.substr(0, good.size() / 2), with("\"version\":1", "\"version\":2"),
        with("reckon-stop-calibration", "other"), with("\"balanced\":0", "\"balanced\":1"),
        with("lead:m=3", "leap:m=3"), with("\"model\"", "\"mode\"")})
    EXPECT_THROW(parse_calibration(bad), Error) << bad;
}

TEST(Calibration, WarnsWhenTheStreamIsHarder) {
  Calibration c{.pair_agreement = 0.9};
  EXPECT_EQ(harder_than_calibrated(c, 0, 0), "");
  EXPECT_EQ(harder_than_calibrated(c, 3, 1), "");  // too few to tell
  EXPECT_EQ(harder_than_calibrated(c, 100, 88), "");
  EXPECT_THAT(harder_than_calibrated(c, 100, 60), testing::HasSubstr("60 %"));
}

TEST(TextFile, HashesAsPublished) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4
}

}  // namespace
}  // namespace reckon
