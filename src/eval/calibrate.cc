#include "eval/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <reckon/error.h>

#include "base/rng.h"
#include "eval/replay.h"
#include "eval/replay_run.h"
#include "eval/replay_summary.h"
#include "stats/stats.h"

namespace reckon {
namespace {

constexpr int kLeastQuestions = 200, kLeastDraws = 32, kMostDraws = 64;

std::vector<std::unique_ptr<Policy>> parse_all(const std::vector<std::string>& texts) {
  std::vector<std::unique_ptr<Policy>> all;
  for (const std::string& text : texts) all.push_back(parse_policy(text));
  return all;
}

// Rows that no cheaper row is as accurate as, cheapest first.
std::vector<ReplayRow> frontier(std::vector<ReplayRow> rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ReplayRow& a, const ReplayRow& b) { return a.tokens < b.tokens; });
  std::vector<ReplayRow> kept;
  for (const ReplayRow& row : rows)
    if (kept.empty() || row.accuracy > kept.back().accuracy) kept.push_back(row);
  return kept;
}

void describe(const Pool& pool, Calibration& c) {
  double draws = 0, tokens = 0, logs = 0, squares = 0, agree = 0;
  for (const Pool::Question& q : pool.questions) {
    std::vector<double> counts(q.answers.size());
    double n = static_cast<double>(q.samples.size()), pairs = 0;
    for (const Pool::Sample& s : q.samples) {
      double log = std::log(std::max(1.0, s.tokens));
      ++draws, tokens += s.tokens, logs += log, squares += log * log;
      if (s.answer >= 0) ++counts[s.answer];
    }
    for (double k : counts) pairs += k * (k - 1);
    agree += pairs / (n * (n - 1));
  }
  c.questions = static_cast<int>(pool.questions.size());
  c.draws = pool.least_samples();
  c.mean_draw = tokens / draws;
  c.log_length_mean = logs / draws;
  c.log_length_sd = std::sqrt(std::max(0.0, squares / draws - c.log_length_mean * c.log_length_mean));
  c.pair_agreement = agree / static_cast<double>(pool.questions.size());
}

// Cheapest point reached from the dearest on while the lower bound of d stays above -target.
std::optional<int> cheapest_within(const std::vector<Calibration::Point>& points, double target) {
  std::optional<int> found;
  for (int i = static_cast<int>(points.size()) - 1; i >= 0 && points[i].d_lo > -target; --i) found = i;
  return found;
}

void choose(const std::vector<std::vector<bool>>& losses, const CalibrateOptions& options, Calibration& c) {
  double target = options.target_points / 100;
  c.economy = cheapest_within(c.points, 4 * target);
  c.balanced = cheapest_within(c.points, target);
  c.quality = cheapest_within(c.points, target / 2);
  if (options.max_risk) {
    std::optional<int> safe = certified(losses, *options.max_risk / 100, options.confidence);
    int last = static_cast<int>(c.points.size()) - 1;
    for (std::optional<int>* choice : {&c.economy, &c.balanced, &c.quality})
      if (*choice) *choice = safe ? std::optional(std::max(**choice, last - *safe)) : std::nullopt;
  }
  c.passed = c.balanced.has_value();
  if (c.passed)
    c.verdict = fmt::format("{} costs {:.0f} tokens a question and loses at most {:.2f} points against {} samples.",
                            c.points[*c.balanced].policy, c.points[*c.balanced].tokens,
                            std::max(0.0, -100 * c.points[*c.balanced].d_lo), c.curve_accuracy.size());
  else
    c.verdict =
        fmt::format("No policy is shown to lose less than {} points{}: the default stays.", options.target_points,
                    options.max_risk ? fmt::format(" with a risk of at most {} %", *options.max_risk) : "");
}

}  // namespace

std::pair<Pool, Pool> split_by_family(const Pool& pool, uint64_t seed) {
  std::map<std::string, std::vector<const Pool::Question*>> families;
  for (const Pool::Question& q : pool.questions) families[q.family.empty() ? "\n" + q.id : q.family].push_back(&q);
  std::vector<std::string> names;
  for (const auto& [name, members] : families) names.push_back(name);
  Rng rng(derive(seed, 0x73706c6974));
  for (size_t i = names.size(); i > 1; --i) std::swap(names[i - 1], names[rng.below(i)]);
  Pool choose = pool, test = pool;
  choose.questions.clear();
  test.questions.clear();
  for (const std::string& name : names) {
    Pool& half = choose.questions.size() <= test.questions.size() ? choose : test;
    for (const Pool::Question* q : families[name]) half.questions.push_back(*q);
  }
  return {std::move(choose), std::move(test)};
}

std::vector<std::vector<bool>> run_losses(const Pool& pool, const std::vector<std::unique_ptr<Policy>>& policies,
                                          const ReplayOptions& options) {
  int most = std::min(options.most, pool.least_samples());
  Replayer replayer(options, pool);
  std::vector<std::vector<bool>> losses(policies.size());
  for (const Pool::Question& q : pool.questions) {
    std::vector<int> order(q.samples.size());
    draw_order(pool, q, {.seed = derive(options.seed, 0x6c6f7373), .index = 0, .draws = most}, order);
    std::span<const int> drawn(order.data(), static_cast<size_t>(most));
    Tally all;
    for (int sample : drawn) add(all, q.samples[sample]);
    bool right = all.incumbent() >= 0 && q.answers[all.incumbent()].correct;
    for (size_t p = 0; p < policies.size(); ++p) {
      int vote = replayer.run(q, drawn, *policies[p]).vote;
      losses[p].push_back(right && !(vote >= 0 && q.answers[vote].correct));
    }
  }
  return losses;
}

std::vector<std::string> calibration_grid(int cap) {
  std::vector<std::string> grid;
  for (int m = 1; m <= 5; ++m)
    for (int c : {3, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64})
      if (c <= cap && m < c) grid.push_back(fmt::format("lead:m={},cap={}", m, c));
  for (double lambda : {.2, .1, .05, .03, .02, .015, .01, .007, .005, .003, .002, .001})
    for (int c : {5, 8, 16, 32, 64})
      if (c <= cap) grid.push_back(fmt::format("voc:lambda={},guard=true,cap={}", lambda, c));
  return grid;
}

std::optional<int> certified(const std::vector<std::vector<bool>>& losses, double max_risk, double confidence) {
  std::optional<int> found;
  for (size_t p = 0; p < losses.size(); ++p) {
    int n = static_cast<int>(losses[p].size()),
        lost = static_cast<int>(std::count(losses[p].begin(), losses[p].end(), true));
    if (n == 0 || clopper_pearson_upper(lost, n, confidence) > max_risk) break;
    if ((lost + 1.0) / (n + 1.0) > max_risk) break;
    found = static_cast<int>(p);
  }
  return found;
}

Calibration calibrate(const Pool& pool, const CalibrateOptions& options) {
  if (!(options.target_points > 0) || options.target_points > 100)
    throw Error(Code::invalid_request, "the target is a loss of accuracy in points, above 0 and at most 100");
  if (options.max_risk && !(*options.max_risk > 0 && *options.max_risk < 100))
    throw Error(Code::invalid_request, "the largest risk is a percentage above 0 and below 100");
  validate(pool);
  if (!pool.task)
    throw Error(Code::invalid_request,
                fmt::format("{}: its questions have several kinds of answers; calibrate each alone", pool.name));
  Calibration c{.model = pool.model,
                .task = std::string(name(*pool.task)),
                .dataset = pool.dataset,
                .orders = options.orders,
                .target_points = options.target_points,
                .max_risk = options.max_risk};
  if (pool.least_samples() < 2)
    throw Error(Code::invalid_request, fmt::format("{}: a question has only one sample, so there is nothing to "
                                                   "calibrate",
                                                   pool.name));
  describe(pool, c);
  if (c.questions < kLeastQuestions || c.draws < kLeastDraws) {
    c.verdict = fmt::format("{} questions with {} draws are too few (at least {} with {}): the default stays.",
                            c.questions, c.draws, kLeastQuestions, kLeastDraws);
    return c;
  }
  auto [chooser, tester] = split_by_family(pool, options.seed);
  ReplayOptions replay_options{.orders = options.orders,
                               .seed = options.seed,
                               .resamples = 1,
                               .most = std::min(kMostDraws, c.draws),
                               .threads = options.threads};
  auto grid = parse_all(calibration_grid(replay_options.most));
  std::vector<ReplayRow> front = frontier(replay({chooser}, grid, replay_options).pools[0].rows);

  std::vector<std::string> texts;
  for (const ReplayRow& row : front) texts.push_back(row.policy);
  auto candidates = parse_all(texts);
  replay_options.resamples = options.resamples;
  PoolReport tested = replay({tester}, candidates, replay_options).pools[0];
  std::reverse(candidates.begin(), candidates.end());  // dearest first
  auto losses = run_losses(tester, candidates, replay_options);
  c.curve_accuracy = tested.curve_accuracy;
  for (double cost : tested.curve_cost) c.curve_tokens.push_back(cost * c.mean_draw);
  for (size_t i = 0; i < front.size(); ++i) {
    const std::vector<bool>& lost = losses[front.size() - 1 - i];
    int n = static_cast<int>(lost.size()), k = static_cast<int>(std::count(lost.begin(), lost.end(), true));
    const ReplayRow& row = tested.rows[i];
    c.points.push_back({row.policy, front[i].accuracy, row.tokens, row.d.value, row.d.lo, row.x64,
                        static_cast<double>(k) / n, clopper_pearson_upper(k, n, options.confidence)});
  }
  choose(losses, options, c);
  return c;
}

}  // namespace reckon
