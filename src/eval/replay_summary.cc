#include "eval/replay_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/rng.h"
#include "stats/bootstrap.h"

namespace reckon {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What is compared with the fixed-N curve.
struct Comparison {
  double d, ratio, match;
};

// `means` are the columns of one table, or of the macro average.
std::vector<Comparison> compare(std::span<const double> means, int most, size_t policies) {
  ReplayColumns at(most);
  FixedCurve curve(means.subspan(0, most), means.subspan(most, most));
  std::vector<Comparison> all;
  for (size_t p = 0; p < policies; ++p) {
    double accuracy = means[at.policy(static_cast<int>(p), 0)], tokens = means[at.policy(static_cast<int>(p), 1)];
    all.push_back(
        {accuracy - means[most - 1], curve.tokens_at(accuracy) / tokens, accuracy - curve.accuracy_at(tokens)});
  }
  return all;
}

// Column means averaged over tables that may have curves of different lengths; tokens in mean samples of each table.
std::vector<double> macro_means(const std::vector<ReplayTable>& tables, const std::vector<std::vector<double>>& means,
                                int most) {
  ReplayColumns to(most);
  size_t policies = tables.front().policies.size();
  std::vector<double> macro(2 * most + policies * ReplayColumns::kCells);
  double share = 1 / static_cast<double>(tables.size());
  for (size_t t = 0; t < tables.size(); ++t) {
    ReplayColumns from(tables[t].most);
    double unit = share / tables[t].mean_sample;
    for (int n = 0; n < most; ++n) {
      macro[n] += share * means[t][n];
      macro[most + n] += unit * means[t][from.most + n];
    }
    for (int p = 0; p < static_cast<int>(policies); ++p)
      for (int c = 0; c < ReplayColumns::kCells; ++c)
        macro[to.policy(p, c)] += (c == 1 ? unit : share) * means[t][from.policy(p, c)];
  }
  return macro;
}

// Comparisons of every resample, by table (the macro average last), resample and policy.
using Resampled = std::vector<std::vector<std::vector<Comparison>>>;

// Pools of one data set are resampled together: the same questions are drawn in all of them.
Resampled resample(const std::vector<ReplayTable>& tables, const ReplayOptions& options, int macro_most) {
  std::map<std::string, std::map<std::string, int>> units;  // data set -> question -> unit
  for (const ReplayTable& table : tables)
    for (const std::string& question : table.questions) {
      auto& of_dataset = units[table.dataset];
      of_dataset.try_emplace(question, static_cast<int>(of_dataset.size()));
    }
  std::vector<std::vector<int>> unit_of(tables.size());
  for (size_t t = 0; t < tables.size(); ++t)
    for (const std::string& question : tables[t].questions) unit_of[t].push_back(units[tables[t].dataset][question]);

  size_t policies = tables.front().policies.size();
  Resampled resampled(tables.size() + 1, std::vector<std::vector<Comparison>>(options.resamples));
  parallel_for(options.resamples, options.threads, [&](int r) {
    std::map<std::string, std::vector<double>> counts;
    uint64_t stream = derive(options.seed, 0x626f6f74);
    for (const auto& [dataset, of_dataset] : units) {
      counts[dataset].resize(of_dataset.size());
      resample_counts(derive(stream, counts.size()), r, counts[dataset]);
    }
    std::vector<std::vector<double>> means;
    for (size_t t = 0; t < tables.size(); ++t) {
      std::vector<double> weights;
      for (int unit : unit_of[t]) weights.push_back(counts[tables[t].dataset][unit]);
      means.push_back(tables[t].means(weights));
      resampled[t][r] = compare(means.back(), tables[t].most, policies);
    }
    resampled[tables.size()][r] = compare(macro_means(tables, means, macro_most), macro_most, policies);
  });
  return resampled;
}

// Linear quantiles would be NaN beside infinite ratios, so the nearest rank is used.
double rank_quantile(std::vector<double>& sorted, double q) {
  return sorted[static_cast<size_t>(std::lround(q * static_cast<double>(sorted.size() - 1)))];
}

struct Labels {
  std::string name;
  int questions = 0, most = 0;
  double mean_sample = 1;
  const std::vector<std::string>* policies;
};

PoolReport make_report(const Labels& labels, std::span<const double> means,
                       const std::vector<std::vector<Comparison>>& resampled, double level) {
  PoolReport report{.name = labels.name, .questions = labels.questions, .most = labels.most};
  report.curve_accuracy.assign(means.begin(), means.begin() + labels.most);
  for (int n = 0; n < labels.most; ++n) report.curve_cost.push_back(means[labels.most + n] / labels.mean_sample);
  ReplayColumns at(labels.most);
  auto now = compare(means, labels.most, labels.policies->size());
  double tail = (1 - level) / 2;
  for (size_t p = 0; p < now.size(); ++p) {
    auto cell = [&](int c) { return means[at.policy(static_cast<int>(p), c)]; };
    ReplayRow row{.policy = (*labels.policies)[p],
                  .accuracy = cell(0),
                  .tokens = cell(1),
                  .samples = cell(2),
                  .sequential = cell(3),
                  .seconds = cell(4),
                  .flops = cell(5)};
    auto interval = [&](double Comparison::* field, double value) {
      if (labels.questions < 2) return Interval{value, std::nan(""), std::nan("")};
      std::vector<double> values;
      for (const auto& comparisons : resampled) values.push_back(comparisons[p].*field);
      std::sort(values.begin(), values.end());
      return Interval{value, rank_quantile(values, tail), rank_quantile(values, 1 - tail)};
    };
    row.d = interval(&Comparison::d, now[p].d);
    row.match = interval(&Comparison::match, now[p].match);
    Interval ratio = interval(&Comparison::ratio, now[p].ratio);
    double above = 0;
    for (const auto& comparisons : resampled) above += comparisons[p].ratio > 1;
    row.ratio = {ratio.value, ratio.lo, ratio.hi,
                 labels.questions < 2 ? std::nan("") : above / static_cast<double>(resampled.size())};
    row.cost = row.tokens / labels.mean_sample;
    row.x64 = report.curve_cost.back() / row.cost;
    report.rows.push_back(row);
  }
  return report;
}

}  // namespace

ReplayTable::ReplayTable(const Pool& pool, const ReplayPlan& plan)
    : name(pool.name), dataset(pool.dataset), most(plan.most) {
  if (dataset.empty()) dataset = pool.name;  // shares questions with no other pool
  double draws = 0;
  for (const Pool::Question& question : pool.questions) {
    questions.push_back(question.id);
    for (const Pool::Sample& sample : question.samples) mean_sample += sample.tokens, ++draws;
  }
  mean_sample /= draws;
  for (const Policy* policy : plan.policies) policies.push_back(policy->text());
  if (plan.options->oracles) policies.insert(policies.end(), {"oracle:vote", "oracle:right"});
  width_ = 2 * most + policies.size() * ReplayColumns::kCells;
  cells_.resize(width_ * questions.size());
}

std::vector<double> ReplayTable::means(std::span<const double> weights) const {
  std::vector<double> sums(width_);
  double total = 0;
  for (double weight : weights) total += weight;
  for (size_t q = 0; q < questions.size(); ++q) {
    double weight = total > 0 ? weights[q] : 1;
    if (weight == 0) continue;
    const double* cell = &cells_[q * width_];
    for (size_t c = 0; c < width_; ++c) sums[c] += weight * cell[c];
  }
  for (double& sum : sums) sum /= total > 0 ? total : static_cast<double>(questions.size());
  return sums;
}

FixedCurve::FixedCurve(std::span<const double> accuracies, std::span<const double> costs)
    : accuracy(accuracies.begin(), accuracies.end()), tokens(costs.begin(), costs.end()) {
  for (size_t n = 1; n < accuracy.size(); ++n) accuracy[n] = std::max(accuracy[n], accuracy[n - 1]);
}

double FixedCurve::tokens_at(double wanted) const {
  constexpr double kRounding = 1e-12;  // equal sums in another order are equal accuracies
  size_t n = 0;
  while (n < accuracy.size() && accuracy[n] < wanted - kRounding) ++n;
  if (n == accuracy.size()) return kInfinity;
  if (n == 0) return tokens[0];
  double share = std::min(1.0, (wanted - accuracy[n - 1]) / (accuracy[n] - accuracy[n - 1]));
  return tokens[n - 1] + share * (tokens[n] - tokens[n - 1]);
}

double FixedCurve::accuracy_at(double budget) const {
  size_t n = 0;
  while (n < tokens.size() && tokens[n] <= budget) ++n;
  if (n == 0 || n == tokens.size()) return accuracy[n == 0 ? 0 : n - 1];
  double share = (budget - tokens[n - 1]) / (tokens[n] - tokens[n - 1]);
  return accuracy[n - 1] + share * (accuracy[n] - accuracy[n - 1]);
}

void summarise(const std::vector<ReplayTable>& tables, const ReplayOptions& options, ReplayReport& report) {
  int macro_most = tables.front().most, questions = 0;
  for (const ReplayTable& table : tables) macro_most = std::min(macro_most, table.most);
  Resampled resampled = resample(tables, options, macro_most);
  std::vector<std::vector<double>> means;
  for (size_t t = 0; t < tables.size(); ++t) {
    const ReplayTable& table = tables[t];
    int count = static_cast<int>(table.questions.size());
    questions += count;
    means.push_back(table.means(std::vector<double>(count, 1.0)));
    Labels labels{table.name, count, table.most, table.mean_sample, &table.policies};
    PoolReport pool = make_report(labels, means.back(), resampled[t], options.level);
    ReplayColumns at(table.most);
    for (int q = 0; q < count; ++q)
      for (int p = 0; p < static_cast<int>(table.policies.size()); ++p) {
        auto cell = [&](int c) { return table.row(q)[at.policy(p, c)]; };
        pool.per_question.push_back(
            {table.name, table.questions[q], table.policies[p], cell(0), cell(1), cell(2), cell(3)});
      }
    report.pools.push_back(std::move(pool));
  }
  Labels labels{"macro", questions, macro_most, 1, &tables.front().policies};
  report.macro = make_report(labels, macro_means(tables, means, macro_most), resampled.back(), options.level);
  for (size_t p = 0; p < report.macro->rows.size(); ++p) {
    double tokens = 0;
    for (const PoolReport& pool : report.pools) tokens += pool.rows[p].tokens;
    report.macro->rows[p].tokens = tokens / static_cast<double>(report.pools.size());
  }
}

}  // namespace reckon
