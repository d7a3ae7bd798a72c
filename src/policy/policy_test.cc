#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include <reckon/error.h>
#include <reckon/policy.h>

#include "base/rng.h"
#include "policy/formulas.h"
#include "policy/policies.h"
#include "policy/votes.h"

namespace reckon {
namespace {

using boost::json::value;

const value& vectors() {
  static const value all = [] {
    std::ifstream file(RECKON_TEST_DATA "/policy/policy.json");
    std::stringstream text;
    text << file.rdbuf();
    return boost::json::parse(text.str());
  }();
  return all;
}

Tally replayed(const value& state) {
  Tally tally;
  const auto& answers = state.at("answers").as_array();
  const auto& tokens = state.at("tokens").as_array();
  for (size_t i = 0; i < answers.size(); ++i) {
    int id = answers[i].to_number<int>();
    if (id < 0) tally.add_missing(tokens[i].to_number<double>());
    else tally.add(id, tokens[i].to_number<double>());
  }
  return tally;
}

bool stops(const std::string& policy, const VoteState& state) {
  return parse_policy(policy)->decide(state).kind == Decision::Kind::stop;
}

VoteState state(int v1, int v2, int rest) {
  return {.n = v1 + v2 + rest, .v1 = v1, .v2 = v2, .distinct = (v1 > 0) + (v2 > 0)};
}

TEST(Votes, AgreesWithTheGoldenVectors) {
  for (const value& golden : vectors().at("states").as_array()) {
    Tally tally = replayed(golden);
    const VoteState& s = tally.state();
    EXPECT_EQ(s.n, golden.at("n").as_int64());
    EXPECT_EQ(s.missing, golden.at("missing").as_int64());
    EXPECT_EQ(s.v1, golden.at("v1").as_int64());
    EXPECT_EQ(s.v2, golden.at("v2").as_int64());
    EXPECT_EQ(s.rest(), golden.at("rest").as_int64());
    EXPECT_EQ(s.distinct, static_cast<int>(golden.at("counts").as_array().size()));
    auto id = [&](const char* key) { return golden.at(key).is_null() ? -1 : golden.at(key).to_number<int>(); };
    EXPECT_EQ(tally.vote(), id("leader_tie_short"));
    EXPECT_EQ(tally.incumbent(), id("leader_incumbent"));
  }
}

TEST(Votes, TheLengthWeightedVoteAgreesWithTheGoldenVectors) {
  for (const value& golden : vectors().at("states").as_array()) {
    Tally tally(0.5);
    const auto& answers = golden.at("answers").as_array();
    for (size_t i = 0; i < answers.size(); ++i)
      if (int id = answers[i].to_number<int>(); id >= 0) tally.add(id, golden.at("tokens").at(i).to_number<double>());
    EXPECT_EQ(tally.vote(), golden.at("leader_weighted").is_null() ? -1 : golden.at("leader_weighted").as_int64());
  }
}

TEST(Formulas, AgreeWithTheGoldenVectors) {
  for (const value& golden : vectors().at("states").as_array()) {
    const VoteState s = replayed(golden).state();
    EXPECT_NEAR(beta_stay(s.v1, s.v2), golden.at("beta_stay").to_number<double>(), 1e-9);
    EXPECT_NEAR(log_e_value(s.v1, s.v2), golden.at("log_e_value").to_number<double>(), 1e-9);
    EXPECT_NEAR(value_of_computation(s.v1, s.v2, s.rest()), golden.at("voc").to_number<double>(), 1e-9);
    for (int k : {1, 2, 4, 8, 16})
      EXPECT_NEAR(flip_probability(s.v1, s.v2, s.rest(), k),
                  golden.at("flip").at(std::to_string(k)).to_number<double>(), 1e-9);
  }
}

TEST(Policy, DecidesAsTheGoldenVectors) {
  for (const value& golden : vectors().at("states").as_array()) {
    const VoteState s = replayed(golden).state();
    std::string cap = ",cap=" + std::to_string(golden.at("cap").as_int64());
    for (const auto& [threshold, stop] : golden.at("asc_stop").as_object())
      EXPECT_EQ(stops("asc:threshold=" + std::string(threshold) + cap, s), stop.as_bool());
    for (const auto& [m, stop] : golden.at("lead_stop").as_object())
      EXPECT_EQ(stops("lead:m=" + std::string(m) + cap, s), stop.as_bool());
    for (const auto& [lambda, stop] : golden.at("voc_stop").as_object())
      EXPECT_EQ(stops("voc:guard=false,lambda=" + std::string(lambda) + cap, s), stop.as_bool());
    for (const auto& [lambda, stop] : golden.at("voc_guard_stop").as_object())
      EXPECT_EQ(stops("voc:lambda=" + std::string(lambda) + cap, s), stop.as_bool());
    for (const auto& [w, stop] : golden.at("esc_stop").as_object())
      EXPECT_EQ(stops("esc:w=" + std::string(w) + cap, s), stop.as_bool());
  }
}

TEST(Votes, IncrementalStateEqualsARecountOnRandomSequences) {
  Rng rng(7);
  for (int sequence = 0; sequence < 200; ++sequence) {
    Tally tally;
    std::vector<int> counts(6);
    int missing = 0, n = static_cast<int>(rng.below(90));
    for (int i = 0; i < n; ++i) {
      int id = static_cast<int>(rng.below(7)) - 1;
      if (id < 0) tally.add_missing(100), ++missing;
      else tally.add(id, 100), ++counts[id];
    }
    std::sort(counts.rbegin(), counts.rend());
    EXPECT_EQ(tally.state().v1, counts[0]);
    EXPECT_EQ(tally.state().v2, counts[1]);
    EXPECT_EQ(tally.state().n, n);
    EXPECT_EQ(tally.state().missing, missing);
    EXPECT_EQ(tally.state().spent, 100.0 * n);
  }
}

TEST(Votes, TiesGoToTheShorterSamples) {
  Votes votes;
  votes.add("long", 9000);
  votes.add("short", 300);
  EXPECT_EQ(votes.vote(), "short");
  votes.add("long", 9000);
  EXPECT_EQ(votes.vote(), "long");
}

TEST(Votes, TiesGoToTheSurerAnswerWhereEveryDrawTellsIt) {
  Votes votes;
  votes.add("long and sure", 9000, -0.01);
  votes.add("short", 300, -0.2);
  EXPECT_EQ(votes.vote(), "long and sure");
  votes.add("short", 300, -0.2);
  EXPECT_EQ(votes.vote(), "short");  // more votes
  votes.add("long and sure", 9000);
  EXPECT_EQ(votes.vote(), "short");  // not every draw told
}

TEST(Votes, NeverInventAnAnswer) {
  Votes votes;
  EXPECT_EQ(votes.vote(), std::nullopt);
  votes.add("", 50);
  votes.add_missing(70);
  votes.charge(30);
  EXPECT_EQ(votes.vote(), std::nullopt);
  EXPECT_EQ(votes.state().n, 2);
  EXPECT_EQ(votes.state().missing, 2);
  EXPECT_EQ(votes.state().spent, 150);
}

TEST(Policy, PrintsWhatItParses) {
  for (std::string text : {"lead:m=2,cap=16", "fixed:n=64", "voc:lambda=0.02,guard=true,cap=16",
                           "voc:lambda=0.005,guard=false,cap=64,relative=true,tokens=20000", "asc:threshold=0.9,cap=48",
                           "esc:w=5,cap=40", "evalue:delta=0.05,cap=64", "lead:m=3,cap=32,tokens=500.5"})
    EXPECT_EQ(parse_policy(text)->text(), text);
  EXPECT_EQ(parse_policy("lead")->text(), "lead:m=2,cap=16");
  EXPECT_EQ(parse_policy("economy")->text(), "lead:m=2,cap=8");
  EXPECT_EQ(parse_policy("balanced")->text(), "lead:m=2,cap=16");
  EXPECT_EQ(parse_policy("quality")->text(), "lead:m=3,cap=32");
}

TEST(Policy, RefusesWhatItDoesNotKnowAndSaysWhatItMeant) {
  auto message = [](const char* text) -> std::string {
    try {
      parse_policy(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_request);
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message("leed:m=2"), testing::HasSubstr("did you mean lead?"));
  EXPECT_THAT(message("lead:cpa=3"), testing::HasSubstr("did you mean cap?"));
  EXPECT_THAT(message("lead:cap=0"), testing::HasSubstr("cap=0"));
  EXPECT_THAT(message("voc:lambda=nan"), testing::HasSubstr("lambda=nan"));
  EXPECT_THAT(message("balanced:cap=8"), testing::HasSubstr("lead:m=2,cap=16"));
  EXPECT_THAT(message(""), testing::HasSubstr("name"));
}

TEST(Policy, NothingStopsBeforeTheFirstDrawAndEverythingAtTheCap) {
  for (const char* text : {"fixed:n=8", "lead:m=1,cap=8", "voc:lambda=1,guard=false,cap=8", "asc:threshold=0.5,cap=8",
                           "esc:w=1,cap=8", "evalue:delta=0.5,cap=8", "lead:m=9,cap=8"}) {
    EXPECT_FALSE(stops(text, {})) << text;
    EXPECT_TRUE(stops(text, {.n = 8, .missing = 8})) << text;
  }
  EXPECT_TRUE(stops("lead:m=5,cap=16,tokens=1000", {.n = 1, .v1 = 1, .spent = 1000}));
}

TEST(Policy, APriceOfTwoOrFourPercentOnTwoAnswersIsALeadOfTwo) {
  for (const char* price : {".02", ".04"})
    for (int v1 = 1; v1 <= 20; ++v1)
      for (int v2 = 0; v2 <= v1; ++v2) {
        std::string voc = std::string("voc:guard=false,cap=64,lambda=0") + price;
        EXPECT_EQ(stops(voc, state(v1, v2, 0)), v1 - v2 >= 2 && v1 > 0) << v1 << " " << v2;
      }
}

TEST(Policy, LowerPricesStopWhereTheClosedFormSaysTheyDo) {
  struct Case {
    const char* lambda;
    std::vector<std::pair<int, int>> stops;  // the first v1 that stops, for v2 = 0, 1, 2...
  };
  for (const Case& c : {Case{"0.01", {{2, 0}, {4, 1}, {5, 2}, {6, 3}, {7, 4}, {8, 5}, {10, 6}}},
                        Case{"0.005", {{3, 0}, {4, 1}, {6, 2}, {7, 3}, {8, 4}, {9, 5}}},
                        Case{"0.002", {{4, 0}, {5, 1}, {7, 2}, {8, 3}}}})
    for (auto [v1, v2] : c.stops) {
      std::string voc = std::string("voc:guard=false,cap=64,lambda=") + c.lambda;
      EXPECT_TRUE(stops(voc, state(v1, v2, 0))) << c.lambda << " " << v1 << " " << v2;
      EXPECT_FALSE(stops(voc, state(v1 - 1, v2, 0))) << c.lambda << " " << v1 - 1 << " " << v2;
    }
  EXPECT_NEAR(value_of_computation(1, 0, 0), .05, 5e-4);
  EXPECT_NEAR(value_of_computation(1, 1, 0), .40, 1e-9);
  EXPECT_NEAR(value_of_computation(4, 2, 0), .0135, 5e-5);
}

TEST(Policy, DiffuseStatesStopByThemselves) {
  auto first = [](const std::string& lambda, auto make) {
    for (int n = 2; n < 64; ++n)
      if (stops("voc:guard=false,cap=64,lambda=" + lambda, make(n))) return n;
    return 64;
  };
  auto pair_and_others = [](int n) { return state(2, 1, std::max(0, n - 3)); };
  auto different = [](int n) { return state(1, 1, n - 2); };
  auto missing = [](int n) { return state(0, 0, n); };
  EXPECT_EQ(first("0.04", pair_and_others), 6);
  EXPECT_EQ(first("0.02", pair_and_others), 11);
  EXPECT_EQ(first("0.01", pair_and_others), 24);
  EXPECT_EQ(first("0.005", pair_and_others), 49);
  EXPECT_EQ(first("0.04", different), 48);  // at 47 the value is exactly the price, and a draw is bought
  EXPECT_EQ(first("0.02", different), 64);
  EXPECT_EQ(first("0.04", missing), 23);
  EXPECT_EQ(first("0.02", missing), 48);
}

TEST(Policy, ExactTiesNeverStopBeforeTheCap) {
  for (const char* text : {"lead:m=1,cap=64", "asc:threshold=0.9,cap=64", "evalue:cap=64", "voc:lambda=0.02,cap=64"})
    for (int v = 1; v < 32; ++v) EXPECT_FALSE(stops(text, state(v, v, 0))) << text << v;
}

TEST(Policy, TheGuardKeepsOneValidAnswerAmongMissingOnesFromStopping) {
  VoteState one{.n = 5, .missing = 4, .v1 = 1, .distinct = 1};
  EXPECT_TRUE(stops("voc:guard=false,lambda=0.02", one));
  EXPECT_FALSE(stops("voc:guard=true,lambda=0.02", one));
  EXPECT_FALSE(stops("lead:m=2", one));
}

TEST(Policy, ARelativePriceStopsDearQuestionsEarlier) {
  VoteState dear{.n = 3, .v1 = 2, .v2 = 1, .distinct = 2, .spent = 60000, .mean_draw = 1000};
  VoteState cheap = dear;
  cheap.spent = 300;
  EXPECT_TRUE(stops("voc:lambda=0.03,relative=true", dear));
  EXPECT_FALSE(stops("voc:lambda=0.03,relative=true", cheap));
  EXPECT_LT(parse_policy("voc:relative=true")->decide(dear).value, parse_policy("voc")->decide(dear).value);
}

TEST(Policy, AFivePercentCertificateNeedsSevenUnanimousAnswers) {
  EXPECT_FALSE(stops("evalue:delta=0.05", state(6, 0, 0)));
  EXPECT_TRUE(stops("evalue:delta=0.05", state(7, 0, 0)));
  VoteState many{.n = 10, .v1 = 7, .v2 = 1, .distinct = 4};
  EXPECT_FALSE(stops("evalue:delta=0.05", many));  // three challengers share the chance of error
}

// Ville's inequality at work: looked at after every draw, a minority is certified as the majority in at most delta of
// the runs, however many answers there are.
TEST(Policy, TheCertificateIsWrongAtMostAsOftenAsItSays) {
  constexpr int kRuns = 4000;
  constexpr double kDelta = 0.2;
  auto policy = parse_policy("evalue:delta=0.2,cap=64");
  for (const std::vector<double>& chances : {std::vector{.5, .5}, {.52, .48}, {.3, .25, .25, .2}}) {
    int wrong = 0, certified = 0;
    for (int r = 0; r < kRuns; ++r) {
      Rng rng(derive(3, static_cast<uint64_t>(r)));
      Tally tally;
      while (tally.state().n < policy->cap() - 1) {
        double u = rng.uniform();
        int answer = 0;
        while (answer + 1 < static_cast<int>(chances.size()) && u >= chances[answer]) u -= chances[answer++];
        tally.add(answer, 100);
        if (policy->decide(tally.state()).kind == Decision::Kind::more) continue;
        ++certified, wrong += tally.incumbent() != 0;
        break;
      }
    }
    EXPECT_LE(wrong, kDelta * kRuns) << chances.size();
    EXPECT_GT(certified, 0);
  }
}

TEST(Formulas, ContinueBeyondTheTableWithoutAStep) {
  EXPECT_NEAR(beta_stay(4, 0), 0.96875, 1e-12);
  for (int v2 : {0, 5, 20}) {
    EXPECT_GT(value_of_computation(33, 31, v2), value_of_computation(34, 31, v2));
  }
  EXPECT_GT(beta_stay(40, 25), beta_stay(39, 25));
  EXPECT_LT(beta_stay(40, 26), beta_stay(40, 25));
  EXPECT_NEAR(beta_stay(600, 600), 0.5, 1e-9);
}

}  // namespace
}  // namespace reckon
