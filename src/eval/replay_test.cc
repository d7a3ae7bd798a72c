#include "eval/replay.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <reckon/error.h>

#include "base/rng.h"
#include "eval/boinf.h"
#include "eval/replay_report.h"
#include "eval/replay_run.h"
#include "eval/replay_summary.h"
#include "verify/equivalence.h"

namespace reckon {
namespace {

Pool::Question question(const std::string& id, const std::vector<std::pair<int, double>>& samples, int right = 0) {
  Pool::Question q{.id = id};
  for (auto [answer, tokens] : samples) {
    while (answer >= static_cast<int>(q.answers.size()))
      q.answers.push_back({std::to_string(q.answers.size()), static_cast<int>(q.answers.size()) == right});
    q.samples.push_back({answer, tokens});
  }
  return q;
}

// Questions of every difficulty, some answers missing.
Pool random_pool(const std::string& name, uint64_t seed, int questions = 12, int samples = 40) {
  Pool pool{.name = name, .model = name, .dataset = "task"};
  Rng rng(seed);
  for (int q = 0; q < questions; ++q) {
    std::vector<std::pair<int, double>> draws;
    double easy = rng.uniform();
    for (int i = 0; i < samples; ++i) {
      int answer = rng.uniform() < easy ? 0 : static_cast<int>(rng.below(5)) - 1;
      draws.emplace_back(answer, 100 + static_cast<double>(rng.below(900)));
    }
    pool.questions.push_back(question(std::to_string(q), draws));
  }
  return pool;
}

std::vector<std::unique_ptr<Policy>> policies(const std::vector<std::string>& texts) {
  std::vector<std::unique_ptr<Policy>> all;
  for (const std::string& text : texts) all.push_back(parse_policy(text));
  return all;
}

std::vector<int> in_order(const Pool::Question& q) {
  std::vector<int> order(q.samples.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  return order;
}

ReplayRun run(const Pool::Question& q, const std::string& policy, const ReplayOptions& options) {
  Pool pool{.name = "p", .questions = {q}};
  auto order = in_order(q);
  return Replayer(options, pool).run(q, order, *parse_policy(policy));
}

std::string refusal(const std::vector<Pool>& pools, const std::vector<std::string>& texts = {"lead"},
                    const ReplayOptions& options = {.orders = 2, .resamples = 10}) {
  try {
    replay(pools, policies(texts), options);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

// The answer with the most votes among the first n of an order; of equals the first to have got there. -1: none.
int plain_vote(const Pool::Question& q, std::span<const int> order, int n) {
  std::map<int, int> counts, so_far;
  int most = 0;
  for (int i = 0; i < n; ++i)
    if (int a = q.samples[order[i]].answer; a >= 0) most = std::max(most, ++counts[a]);
  for (int i = 0; i < n; ++i)
    if (int a = q.samples[order[i]].answer; a >= 0 && ++so_far[a] == most) return a;
  return -1;
}

TEST(Replay, TheFixedCurveAndTheOraclesAreAPlainRecountOfEveryPrefix) {
  Pool pool = random_pool("p", 3, 12, 80);
  constexpr int kMost = 64, kOrders = 17;
  ReplayOptions options{.orders = kOrders, .seed = 9, .resamples = 5, .most = kMost, .oracles = true};
  auto report = replay({pool}, policies({"fixed:n=64"}), options).pools[0];
  std::vector<double> right(kMost), tokens(kMost);
  double knows = 0,
         hopeless = 0;  // tokens of the oracles: until the final vote first leads; one sample where it is wrong
  std::vector<int> order(80);
  for (const auto& q : pool.questions)
    for (int o = 0; o < kOrders; ++o) {
      draw_order(pool, q, {.seed = 9, .index = o, .draws = kMost}, order);
      int last = plain_vote(q, order, kMost);
      double spent = 0, first = 0;
      for (int n = 1; n <= kMost; ++n) {
        int vote = plain_vote(q, order, n);
        spent += q.samples[order[n - 1]].tokens;
        right[n - 1] += vote == 0, tokens[n - 1] += spent;
        if (vote == last && first == 0) first = spent;
      }
      knows += first, hopeless += last == 0 ? first : q.samples[order[0]].tokens;
    }
  double runs = 12.0 * kOrders, draw = report.rows[0].tokens / report.rows[0].cost;
  for (int n = 1; n <= kMost; ++n) {
    EXPECT_NEAR(report.curve_accuracy[n - 1], right[n - 1] / runs, 1e-12) << n;
    EXPECT_NEAR(report.curve_cost[n - 1] * draw, tokens[n - 1] / runs, 1e-9) << n;
  }
  EXPECT_EQ(report.rows[1].policy, "oracle:vote");
  EXPECT_NEAR(report.rows[1].tokens, knows / runs, 1e-9);
  EXPECT_NEAR(report.rows[2].tokens, hopeless / runs, 1e-9);
  EXPECT_EQ(report.rows[1].d.value, 0);
  EXPECT_EQ(report.rows[2].d.value, 0);
}

TEST(Replay, PoolsThatShareQuestionsAreResampledTogether) {
  // The same answers under two names: as one data set the second tells nothing new about questions, as two it does.
  std::vector<Pool> pools = {random_pool("a", 1), random_pool("b", 1)};
  auto width = [&] {
    Interval d = replay(pools, policies({"fixed:n=1"}), {.orders = 50, .resamples = 400}).macro->rows[0].d;
    return d.hi - d.lo;
  };
  double together = width();
  pools[1].dataset = "another";
  EXPECT_GT(together, 1.2 * width());  // 1.41 for means of independent questions
}

TEST(Replay, TheJsonHasTheDocumentedFields) {
  auto report = replay({random_pool("p", 1)}, policies({"lead"}), {.orders = 2, .resamples = 10});
  auto keys = [](const boost::json::value& value) {
    std::vector<std::string> names;
    for (const auto& pair : value.as_object()) names.emplace_back(pair.key());
    return names;
  };
  using testing::ElementsAre;
  boost::json::value all = boost::json::parse(replay_json(report)), pool = all.at("pools").at(0),
                     row = pool.at("rows").at(0);
  EXPECT_THAT(keys(all), ElementsAre("version", "command", "seed", "orders", "resamples", "level", "width", "notes",
                                     "pools", "macro"));
  EXPECT_EQ(all.at("version"), 1);
  EXPECT_THAT(keys(pool), ElementsAre("name", "questions", "most", "curve", "rows"));
  EXPECT_THAT(keys(pool.at("curve")), ElementsAre("accuracy", "cost"));
  EXPECT_THAT(keys(row), ElementsAre("policy", "accuracy", "tokens", "cost", "samples", "sequential", "seconds",
                                     "flops", "d", "ratio", "match", "x64"));
  EXPECT_EQ(keys(row), keys(all.at("macro").at(0)));
  EXPECT_THAT(keys(row.at("d")), ElementsAre("value", "lo", "hi"));
  EXPECT_THAT(keys(row.at("ratio")), ElementsAre("value", "lo", "hi", "p_above_1"));
  EXPECT_THAT(keys(row.at("match")), ElementsAre("value", "lo", "hi"));
}

TEST(Replay, SameSeedSameNumbersForAnyNumberOfThreads) {
  std::vector<Pool> pools = {random_pool("a", 1), random_pool("b", 2)};
  auto json = [&](int threads, uint64_t seed) {
    ReplayOptions options{.orders = 20, .seed = seed, .resamples = 50, .threads = threads, .oracles = true};
    return replay_json(replay(pools, policies({"balanced", "voc:lambda=0.01,cap=32"}), options));
  };
  EXPECT_EQ(json(1, 5), json(4, 5));
  EXPECT_NE(json(1, 5), json(1, 6));
}

TEST(Replay, APoolsNumbersDoNotDependOnItsCompany) {
  std::vector<Pool> both = {random_pool("a", 1), random_pool("b", 2)};
  ReplayOptions options{.orders = 20, .resamples = 50};
  auto together = replay(both, policies({"balanced"}), options),
       alone = replay({both[1]}, policies({"balanced"}), options);
  EXPECT_EQ(together.pools[1].rows[0].accuracy, alone.pools[0].rows[0].accuracy);
  EXPECT_EQ(together.pools[1].rows[0].tokens, alone.pools[0].rows[0].tokens);
  EXPECT_EQ(together.pools[1].rows[0].d.lo, alone.pools[0].rows[0].d.lo);
}

TEST(Replay, MissingAnswersAreChargedAndNeverVote) {
  auto q = question("q", {{-1, 100}, {0, 10}, {-1, 100}, {0, 10}});
  ReplayRun r = run(q, "lead:m=2,cap=4", {});
  EXPECT_EQ(r.n, 4);
  EXPECT_EQ(r.vote, 0);
  EXPECT_EQ(r.tokens, 220);
  EXPECT_EQ(run(question("q", {{-1, 7}, {-1, 8}}), "lead:m=2,cap=2", {}).vote, -1);
}

TEST(Replay, AWaveRunsInParallelAndTheDecisionCancelsTheRest) {
  auto q = question("q", {{0, 100}, {1, 400}, {0, 150}, {0, 1000}});
  ReplayRun r = run(q, "lead:m=2,cap=4", {.width = 4});
  EXPECT_EQ(r.n, 2);  // the two shortest agree
  EXPECT_EQ(r.sequential, 150);
  EXPECT_EQ(r.tokens, 100 + 150 + 150 + 150);
  ReplayRun waits = run(q, "lead:m=2,cap=4", {.width = 4, .cancel = false});
  EXPECT_EQ(waits.n, 4);
  EXPECT_EQ(waits.sequential, 1000);
  EXPECT_EQ(waits.tokens, 1650);
}

TEST(Replay, AWaitingPolicyDecidesAgainAtEveryEnd) {
  auto q = question("q", {{0, 10}, {0, 20}, {1, 30}, {1, 40}, {1, 50}, {1, 60}});
  ReplayRun r = run(q, "lead:m=2,cap=6", {.width = 4, .cancel = false});
  EXPECT_EQ(r.n, 6);  // 2:0 would stop, but the wave ends 2:2, so another one is drawn: at 2:4 it is decided
  EXPECT_EQ(r.vote, 1);
}

TEST(Replay, RefillKeepsTheWaveFullAndNeverPassesTheCap) {
  auto q = question("q", {{0, 10}, {1, 100}, {1, 20}, {0, 30}, {2, 50}});
  ReplayRun refilled = run(q, "fixed:n=5", {.width = 2, .refill = true});
  EXPECT_EQ(refilled.n, 5);
  EXPECT_EQ(refilled.tokens, 210);
  EXPECT_EQ(refilled.sequential, 110);  // 10+20+30+50 beside 100
  ReplayRun waves = run(q, "fixed:n=5", {.width = 2});
  EXPECT_EQ(waves.sequential, 100 + 30 + 50);
  EXPECT_EQ(waves.tokens, 210);
  EXPECT_EQ(run(q, "fixed:n=3", {.width = 8}).tokens, 130);  // a wave is clipped at the cap
}

TEST(Replay, SecondsFollowTheBatchCostCurve) {
  auto q = question("q", {{0, 100}, {1, 200}});
  ReplayOptions options{.width = 2, .batch_cost = {{1, 0.01}, {2, 0.015}}};
  EXPECT_NEAR(run(q, "fixed:n=2", options).seconds, 100 * 0.015 + 100 * 0.01, 1e-12);
}

TEST(Replay, FlopsCountTheMatricesAndTheAttentionOfEveryToken) {
  Shape shape{.matmul_parameters = 1000, .layers = 2, .query_heads = 3, .head_size = 4};
  // 4 * 2 * 3 * 4 = 96 per token looked at; three tokens after a prompt of 10 look at 11, 12 and 13.
  EXPECT_EQ(decode_flops(shape, 10, 3), 3 * 2000 + 96 * (11 + 12 + 13));
}

TEST(FixedCurve, IsARunningMaximumLinearBetweenNAndNeverExtrapolates) {
  FixedCurve curve(std::vector<double>{.5, .7, .6, .8}, std::vector<double>{10, 20, 30, 40});
  EXPECT_NEAR(curve.tokens_at(.6), 15, 1e-9);
  EXPECT_NEAR(curve.tokens_at(.7), 20, 1e-9);
  EXPECT_NEAR(curve.tokens_at(.75), 35, 1e-9);
  EXPECT_EQ(curve.tokens_at(.3), 10);
  EXPECT_TRUE(std::isinf(curve.tokens_at(.81)));
  EXPECT_NEAR(curve.accuracy_at(15), .6, 1e-12);
  EXPECT_NEAR(curve.accuracy_at(25), .7, 1e-12);
  EXPECT_NEAR(curve.accuracy_at(99), .8, 1e-12);
  EXPECT_NEAR(curve.accuracy_at(5), .5, 1e-12);
}

TEST(Replay, FixedNIsWorthExactlyItselfWhenNothingTies) {
  // Ties are broken by length in a policy and by order in the baseline, so only questions without ties are equal.
  Pool pool{.name = "p"};
  for (int q = 0; q < 6; ++q)
    pool.questions.push_back(question(std::to_string(q), std::vector<std::pair<int, double>>(8, {q % 2, 50}), 0));
  auto row = replay({pool}, policies({"fixed:n=4"}), {.orders = 3, .resamples = 20}).pools[0].rows[0];
  EXPECT_EQ(row.tokens, 200);
  EXPECT_EQ(row.cost, 4);
  EXPECT_EQ(row.d.value, 0);
  EXPECT_EQ(row.match.value, 0);
  EXPECT_EQ(row.ratio.value, 0.25);  // one sample would do
  EXPECT_EQ(row.x64, 2);             // the longest fixed N is 8
}

TEST(Replay, WhatNoFixedNReachesIsCalledUnreachable) {
  // The vote of one long wrong and one short right answer: the tie-break sees the length, plain voting does not.
  Pool pool{.name = "p"};
  for (int q = 0; q < 4; ++q) pool.questions.push_back(question(std::to_string(q), {{1, 900}, {0, 100}}, 0));
  auto report = replay({pool}, policies({"fixed:n=2"}), {.orders = 50, .resamples = 20});
  EXPECT_TRUE(std::isinf(report.pools[0].rows[0].ratio.value));
  EXPECT_THAT(replay_table(report), testing::HasSubstr("unreachable"));
  EXPECT_THAT(replay_json(report), testing::HasSubstr("\"ratio\":{\"value\":null"));
}

TEST(Replay, BadRecordingsAreRefusedInOneSentence) {
  Pool good = random_pool("good", 1);
  EXPECT_THAT(refusal({}), testing::HasSubstr("no recording"));
  EXPECT_THAT(refusal({good, good}), testing::HasSubstr("two recordings are named good"));
  EXPECT_THAT(refusal({Pool{.name = "empty"}}), testing::HasSubstr("empty: the recording holds no questions"));
  Pool one{.name = "one", .questions = {question("q", {{0, 10}})}};
  EXPECT_THAT(refusal({one}), testing::HasSubstr("only one sample"));
  Pool twice = good;
  twice.questions.push_back(good.questions[0]);
  EXPECT_THAT(refusal({twice}), testing::HasSubstr("appears twice"));
  Pool uncounted = good;
  uncounted.questions[2].samples[1].tokens = std::nan("");
  EXPECT_THAT(refusal({uncounted}), testing::HasSubstr("no token count"));
  Pool free{.name = "free", .questions = {question("q", {{0, 0}, {0, 0}})}};
  EXPECT_THAT(refusal({free}), testing::HasSubstr("no sample has a cost"));
  EXPECT_THAT(refusal({good}, {"fixed:n=41"}), testing::HasSubstr("needs 41 samples, but a question has only 40"));
}

TEST(Replay, SaysWhatAReaderMustKnow) {
  auto notes = [](const Pool& pool, const std::string& policy) {
    auto report = replay({pool}, policies({policy}), {.orders = 4, .resamples = 20});
    EXPECT_FALSE(std::isnan(report.pools[0].rows[0].accuracy));
    return report;
  };
  auto all = [](double, int answer) {
    Pool pool{.name = "p"};
    for (int q = 0; q < 3; ++q)
      pool.questions.push_back(question(std::to_string(q), {{answer, 10}, {answer, 12}, {answer, 9}}, 0));
    return pool;
  };
  EXPECT_THAT(notes(all(0, 1), "lead").notes, testing::Contains(testing::HasSubstr("no sample is right")));
  EXPECT_THAT(notes(all(0, 0), "lead").notes, testing::Contains(testing::HasSubstr("every sample is right")));
  EXPECT_THAT(notes(all(0, 0), "lead").notes, testing::Contains(testing::HasSubstr("cut off at 3 draws")));
  Pool single = random_pool("single", 4, 1);
  auto report = notes(single, "lead");
  EXPECT_THAT(report.notes, testing::Contains(testing::HasSubstr("a single question")));
  EXPECT_TRUE(std::isnan(report.pools[0].rows[0].d.lo));
  EXPECT_THAT(replay_json(report), testing::HasSubstr("\"lo\":null"));
}

TEST(Boinf, ReadsAnswersTokensAndNames) {
  std::string path = testing::TempDir() + "analysis_aime2024_Some-Model.jsonl";
  std::ofstream(path) << R"({"problem_num": 4, "total_answers": 4, "gold_answer": "33", "all_answers": )"
                      << R"([["33", 100], ["", 50], ["12", 70], [null, 0]]})" << "\n";
  Pool pool = read_boinf(path, exact_answers());
  EXPECT_EQ(pool.name, "aime2024_Some-Model");
  EXPECT_EQ(pool.model, "Some-Model");
  EXPECT_EQ(pool.dataset, "aime2024");
  const auto& q = pool.questions.at(0);
  EXPECT_EQ(q.id, "4");
  ASSERT_EQ(q.samples.size(), 4u);
  EXPECT_TRUE(q.answers.at(q.samples[0].answer).correct);
  EXPECT_FALSE(q.answers.at(q.samples[2].answer).correct);
  EXPECT_EQ(q.samples[1].answer, -1);
  EXPECT_EQ(q.samples[1].tokens, 50);
  EXPECT_EQ(q.samples[3].answer, -1);
}

TEST(Boinf, NamesTheLineThatIsBroken) {
  std::string good = R"({"problem_num": 1, "total_answers": 1, "gold_answer": "3", "all_answers": [["3", 9]]})";
  std::string path = testing::TempDir() + "analysis_t_m.jsonl";
  for (const std::string& bad :
       {std::string(R"({"problem_num": 2, "total_an)"), std::string("[]"), std::string("12"), std::string("{}"),
        std::string(R"({"problem_num": 2, "total_answers": 2, "gold_answer": "3", "all_answers": [["3", 9]]})"),
        std::string(R"({"problem_num": 2, "total_answers": 1, "gold_answer": "3", "all_answers": [["3"]]})")}) {
    std::ofstream(path) << good << "\n" << bad << "\n";
    try {
      read_boinf(path, exact_answers());
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("line 2"));
    }
  }
  std::ofstream(path) << good << "\n" << good << "\n";
  EXPECT_THROW(read_boinf(path, exact_answers()), Error);
  EXPECT_THROW(read_boinf(path + ".none", exact_answers()), Error);
}

// The measured points that the presets were chosen by (docs/policy.md), with their intervals.
struct Published {
  double cost, d;         // in mean samples; in points
  Interval ratio, match;  // match in points
};
ReplayReport published(const std::string& set, const AnswerRules& rules, const std::vector<Published>& points) {
  std::vector<Pool> pools;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(std::getenv("RECKON_DATA")) + "/traces-boinf"))
    if (file.path().filename().string().starts_with("analysis_" + set)) pools.push_back(read_boinf(file.path(), rules));
  auto report = replay(pools, policies({"economy", "balanced", "quality"}), {.resamples = 50, .oracles = true});
  auto within = [](double value, const Interval& i) { return i.lo <= value && value <= i.hi; };
  for (size_t i = 0; i < points.size(); ++i) {
    const ReplayRow& row = report.macro->rows[i];
    EXPECT_NEAR(row.cost, points[i].cost, 0.03 * points[i].cost) << row.policy;
    EXPECT_NEAR(100 * row.d.value, points[i].d, 0.4) << row.policy;
    EXPECT_TRUE(within(row.ratio.value, points[i].ratio)) << row.policy << " " << row.ratio.value;
    EXPECT_TRUE(within(100 * row.match.value, points[i].match)) << row.policy << " " << row.match.value;
  }
  return report;
}

TEST(Replay, ReproducesThePublishedPointsOnAime24) {
  if (!std::getenv("RECKON_DATA")) GTEST_SKIP() << "set RECKON_DATA to a folder with traces-boinf to run this";
  auto report = published("aime2024", exact_answers(),
                          {{4.0, -2.25, {2.34, 1.96, 2.83}, {3.2, 2.1, 4.3}},
                           {5.1, -1.18, {2.91, 2.33, 3.64}, {3.0, 1.9, 4.1}},
                           {9.2, -.22, {3.46, 2.61, 6.12}, {2.0, 1.2, 2.9}}});
  EXPECT_EQ(report.pools.size(), 11u);
  EXPECT_NEAR(report.macro->rows[3].x64, 13.5, 0.5);
  EXPECT_NEAR(report.macro->rows[4].x64, 28, 1);
}

TEST(Replay, ReproducesThePublishedPointsOnMath500) {
  if (!std::getenv("RECKON_DATA")) GTEST_SKIP() << "set RECKON_DATA to a folder with traces-boinf to run this";
  AnswerRules rules{
      .canonical = [](std::string_view answer) { return verify::canonical_math(answer); },
      .correct = [](std::string_view answer,
                    std::string_view gold) { return verify::compare_math(gold, answer).verdict == Verdict::equal; }};
  auto report = published("math500", rules,
                          {{2.5, -.19, {2.60, 2.11, 3.36}, {.65, .47, .83}},
                           {2.7, -.14, {3.03, 2.29, 3.93}, {.59, .38, .81}},
                           {4.4, -.03, {3.42, 2.19, 6.38}, {.32, .19, .45}}});
  EXPECT_EQ(report.pools.size(), 7u);
}

}  // namespace
}  // namespace reckon
