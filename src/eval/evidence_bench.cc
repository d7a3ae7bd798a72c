// Do the lengths of the first samples, and where they were recorded token confidence and entropy, tell which vote is
// wrong, better than the counts do, and does a rule that uses them beat `lead`? And which of two answers to one
// question is right? Usage: reckon_evidence_bench FILE... (recordings of one data set, any format, with token counts).
// Models are fitted on four fifths of the questions and judged on the rest (a question is in the same fifth for every
// model); intervals are 95 % bootstrap intervals over questions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include <reckon/error.h>

#include "base/rng.h"
#include "eval/import_formats.h"
#include "eval/replay_input.h"
#include "eval/replay_run.h"
#include "eval/replay_summary.h"
#include "stats/bootstrap.h"
#include "stats/discrimination.h"
#include "stats/logistic.h"

namespace reckon {
namespace {

constexpr int kOrders = 20, kFolds = 5, kResamples = 1000, kDraws = 64;
constexpr int kLooks[] = {1, 2, 4, 8};  // draws after which the evidence is looked at
constexpr uint64_t kSeed = 1;

// Of one sample, under the untempered model: means of the tokens' log-probability and entropy, the least likely token,
// mean and least log-probability of the last 64 tokens, and the mean of the answer's tokens (where there is no answer,
// or none was recorded, the last 64 stand for them).
using Trace = std::array<double, 6>;

struct Look {
  std::vector<double> counts, length, trace;  // features
  double vote_differs = 0;                    // from the limit vote
};
std::vector<double> joined(std::vector<double> a, const std::vector<double>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
std::vector<double> all(const Look& l) { return joined(joined(l.counts, l.length), l.trace); }

// One question of one pool in one order.
struct Run {
  int unit = 0, fold = 0, order = 0, pool = 0, question = 0;
  double limit_wrong = 0;
  std::vector<int> drawn;
  Look looks[std::size(kLooks)];
};

struct Data {
  std::vector<Pool> pools;
  std::vector<std::vector<std::vector<Trace>>> traces;  // [pool][question][sample]; empty where not recorded
  std::vector<double> mean_draw;                        // of each pool, in tokens
  std::vector<Run> runs;
  int units = 0;  // questions; the same one in several pools is one unit
};

bool right(const Pool::Question& question, int vote) { return vote >= 0 && question.answers[vote].correct; }

// The lengths are relative to the mean length of the model's draws, which a stream knows without labels.
void look(const Pool::Question& question, double mean_draw, std::span<const Trace> traces, Run& run) {
  Tally limit, tally;
  for (const Pool::Sample& sample : question.samples) add(limit, sample);
  run.limit_wrong = !right(question, limit.vote());
  Trace sums{};
  double first = 0, sum = 0;
  size_t next = 0;
  for (int n = 1; n <= kLooks[std::size(kLooks) - 1]; ++n) {
    const Pool::Sample& sample = question.samples[run.drawn[n - 1]];
    add(tally, sample);
    double length = std::log(std::max(1.0, sample.tokens) / mean_draw);
    sum += length;
    if (n == 1) first = length;
    for (size_t i = 0; !traces.empty() && i < sums.size(); ++i) sums[i] += traces[run.drawn[n - 1]][i];
    if (n != kLooks[next]) continue;
    const VoteState& s = tally.state();
    double draws = n;
    Look& at = run.looks[next++];
    at.counts = {s.v1 / draws, s.v2 / draws, s.distinct / draws, s.missing / draws};
    at.length = {first, sum / draws, sum * sum / (draws * draws)};
    for (size_t i = 0; !traces.empty() && i < sums.size(); ++i) at.trace.push_back(sums[i] / draws);
    at.vote_differs = tally.vote() != limit.vote();
  }
}

Data prepare(Data data) {
  std::map<std::string, int> units;
  const ReplayOptions options;
  for (size_t p = 0; p < data.pools.size(); ++p) {
    const Pool& pool = data.pools[p];
    validate(pool);
    data.mean_draw.push_back(Replayer(options, pool).mean_draw());
    int draws = std::min(kDraws, pool.least_samples());
    if (draws < 8) throw Error(Code::invalid_request, pool.name + ": needs at least 8 samples of each question");
    for (size_t q = 0; q < pool.questions.size(); ++q) {
      const Pool::Question& question = pool.questions[q];
      int unit = units.try_emplace(question.id, static_cast<int>(units.size())).first->second;
      for (int o = 0; o < kOrders; ++o) {
        Run run{.unit = unit, .order = o, .pool = static_cast<int>(p), .question = static_cast<int>(q)};
        run.drawn.resize(question.samples.size());
        draw_order(pool, question, {.seed = kSeed, .index = o, .draws = draws}, run.drawn);
        run.drawn.resize(static_cast<size_t>(draws));
        std::span<const Trace> traces;
        if (!data.traces.empty()) traces = data.traces[p][q];
        look(question, data.mean_draw.back(), traces, run);
        data.runs.push_back(std::move(run));
      }
    }
  }
  data.units = static_cast<int>(units.size());
  for (Run& run : data.runs) run.fold = static_cast<int>(derive(kSeed, static_cast<uint64_t>(run.unit)) % kFolds);
  return data;
}

// Predictions for every run from a model that never saw its question.
template <class Features, class Label>
std::vector<double> predict(const Data& data, Features features, Label label) {
  std::vector<double> scores(data.runs.size());
  for (int fold = 0; fold < kFolds; ++fold) {
    std::vector<std::vector<double>> rows;
    std::vector<double> labels;
    for (const Run& run : data.runs)
      if (run.fold != fold) rows.push_back(features(run)), labels.push_back(label(run));
    Logistic model(rows, labels);
    for (size_t i = 0; i < data.runs.size(); ++i)
      if (data.runs[i].fold == fold) scores[i] = model.probability(features(data.runs[i]));
  }
  return scores;
}

// Mean over orders of the AUC over questions, under one weight per unit.
class Auc {
 public:
  Auc(const Data& data, std::vector<double> scores) : data_(data), scores_(std::move(scores)), sorted_(kOrders) {
    for (size_t i = 0; i < data.runs.size(); ++i) {
      sorted_[data.runs[i].order].push_back(static_cast<int>(i));
      labels_.push_back(data.runs[i].limit_wrong);
    }
    for (auto& order : sorted_) std::ranges::sort(order, {}, [&](int i) { return scores_[i]; });
  }
  double operator()(std::span<const double> units) const {
    std::vector<double> weights;
    for (const Run& run : data_.runs) weights.push_back(units[run.unit]);
    double sum = 0;
    for (const auto& order : sorted_) sum += weighted_auc(scores_, labels_, weights, order) / kOrders;
    return sum;
  }

 private:
  const Data& data_;
  std::vector<double> scores_, labels_;
  std::vector<std::vector<int>> sorted_;
};

std::string show(const Interval& i, double scale = 1) {
  return fmt::format("{:+.3f} [{:+.3f}, {:+.3f}]", scale * i.value, scale * i.lo, scale * i.hi);
}

template <class Statistic>
Interval interval(const Data& data, Statistic statistic) {
  return bootstrap(data.units, statistic, {.resamples = kResamples, .seed = kSeed});
}

void print_auc(const Data& data) {
  struct Evidence {
    const char* name;
    std::vector<double> (*of)(const Look&);
  };
  std::vector<Evidence> looks_at{
      {"length", [](const Look& l) { return l.length; }},
      {"counts, length", [](const Look& l) { return joined(l.counts, l.length); }},
  };
  if (!data.traces.empty()) {
    looks_at.push_back({"confidence, entropy", [](const Look& l) { return l.trace; }});
    looks_at.push_back({"all", all});
  }
  auto wrong = [](const Run& run) { return run.limit_wrong; };
  fmt::print("\nAUC for \"the limit vote is wrong\"\n{:>5}  {:<22}{:<28}{}\n", "draws", "evidence", "AUC",
             "minus counts");
  for (size_t k = 0; k < std::size(kLooks); ++k) {
    Auc counts(data, predict(data, [k](const Run& run) { return run.looks[k].counts; }, wrong));
    fmt::print("{:>5}  {:<22}{}\n", kLooks[k], "counts", show(interval(data, counts)));
    for (const Evidence& evidence : looks_at) {
      Auc auc(data, predict(data, [&](const Run& run) { return evidence.of(run.looks[k]); }, wrong));
      auto gain = [&](std::span<const double> units) { return auc(units) - counts(units); };
      fmt::print("{:>5}  {:<22}{:<28}{}\n", kLooks[k], evidence.name, show(interval(data, auc)),
                 show(interval(data, gain)));
    }
  }
}

// Means per unit of what a rule gets right and spends, in mean draws of the pool.
struct Rule {
  std::string name;
  std::vector<double> correct, cost, runs;
};

// lead:m,cap, unless `stop(run index, draws so far)` ends it before.
template <class Stop>
Rule play(const Data& data, std::string name, int m, int cap, Stop stop) {
  Rule rule{std::move(name)};
  for (auto* sums : {&rule.correct, &rule.cost, &rule.runs}) sums->resize(static_cast<size_t>(data.units));
  for (size_t i = 0; i < data.runs.size(); ++i) {
    const Run& run = data.runs[i];
    const Pool::Question& question = data.pools[run.pool].questions[run.question];
    Tally tally;
    const VoteState& s = tally.state();
    int most = std::min(cap, static_cast<int>(run.drawn.size()));
    do add(tally, question.samples[run.drawn[s.n]]);
    while (s.n < most && s.v1 - s.v2 < m && !stop(i, s.n));
    rule.correct[run.unit] += right(question, tally.vote());
    rule.cost[run.unit] += s.spent / data.mean_draw[run.pool];
    ++rule.runs[run.unit];
  }
  return rule;
}

struct Point {
  double accuracy, cost;
};
Point point(const Rule& rule, std::span<const double> units) {
  double runs = 0, correct = 0, cost = 0;
  for (size_t u = 0; u < units.size(); ++u)
    runs += units[u] * rule.runs[u], correct += units[u] * rule.correct[u], cost += units[u] * rule.cost[u];
  return {correct / runs, cost / runs};
}

// Points of accuracy over the best mixture of the lead rules at equal cost.
double above(const Rule& rule, const std::vector<Rule>& baseline, std::span<const double> units) {
  std::vector<Point> points;
  for (const Rule& lead : baseline) points.push_back(point(lead, units));
  std::ranges::sort(points, {}, &Point::cost);
  std::vector<double> accuracy, cost;
  for (const Point& p : points) accuracy.push_back(p.accuracy), cost.push_back(p.cost);
  Point here = point(rule, units);
  return here.accuracy - FixedCurve(accuracy, cost).accuracy_at(here.cost);
}

// Which of two answers to the same question is right: the share of such pairs that the evidence puts in order.
void print_within(const Data& data) {
  struct Evidence {
    const char* name;
    double (*of)(const Pool::Sample&, const Trace&);
  };
  constexpr Evidence kEvidence[] = {
      {"log-probability of the answer's tokens", [](const Pool::Sample&, const Trace& t) { return t[5]; }},
      {"of the whole sample", [](const Pool::Sample&, const Trace& t) { return t[0]; }},
      {"of the last 64 tokens", [](const Pool::Sample&, const Trace& t) { return t[3]; }},
      {"shortness", [](const Pool::Sample& s, const Trace&) { return -s.tokens; }},
  };
  fmt::print("\nAUC for \"this answer is right\" between answers to one question\n");
  for (const Evidence& evidence : kEvidence) {
    std::vector<std::vector<ScoredAnswer>> questions;
    for (size_t p = 0; p < data.pools.size(); ++p)
      for (size_t q = 0; q < data.pools[p].questions.size(); ++q) {
        const Pool::Question& question = data.pools[p].questions[q];
        std::vector<ScoredAnswer>& answers = questions.emplace_back();
        for (size_t s = 0; s < question.samples.size(); ++s)
          if (const Pool::Sample& sample = question.samples[s]; sample.answer >= 0)
            answers.push_back({evidence.of(sample, data.traces[p][q][s]), right(question, sample.answer)});
      }
    Discrimination d = within_question_discrimination(questions, {.resamples = kResamples, .seed = kSeed});
    fmt::print("{:<42}{:<28}{} questions with both\n", evidence.name, show(d.auc), d.questions);
  }
}

double quantile(std::vector<double> values, double q) {
  std::ranges::sort(values);
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))];
}

void print_rules(const Data& data) {
  auto never = [](size_t, int) { return false; };
  std::vector<Rule> leads, rules;
  for (int m = 1; m <= 5; ++m)
    for (int cap : {3, 5, 8, 12, 16, 32, 64})
      if (m < cap) leads.push_back(play(data, fmt::format("lead:m={},cap={}", m, cap), m, cap, never));
  std::vector<std::vector<double>> wrong;
  for (size_t k = 0; k < std::size(kLooks); ++k)
    wrong.push_back(predict(
        data, [k](const Run& run) { return all(run.looks[k]); }, [](const Run& run) { return run.limit_wrong; }));
  auto differs = predict(
      data, [](const Run& run) { return all(run.looks[0]); }, [](const Run& run) { return run.looks[0].vote_differs; });
  for (int m : {2, 3}) {
    int cap = m == 2 ? 16 : 32;
    for (double share : {.1, .25, .5, .75}) {
      double limit = quantile(differs, share);
      rules.push_back(play(data,
                           fmt::format("one draw for the surest {:.0f} %, else lead:m={},cap={}", 100 * share, m, cap),
                           m, cap, [&](size_t i, int n) { return n == 1 && differs[i] <= limit; }));
    }
    for (double hopeless : {.5, .7, .9})
      rules.push_back(play(data, fmt::format("lead:m={},cap={}, given up when wrong with {}", m, cap, hopeless), m, cap,
                           [&](size_t i, int n) {
                             const auto* at = std::ranges::find(kLooks, n);
                             return n > 1 && at != std::end(kLooks) && wrong[at - kLooks][i] > hopeless;
                           }));
  }
  fmt::print("\nrules, against the best mixture of lead:m=1..5 at equal cost (points)\n{:<55}{:>9}{:>8}  {}\n", "rule",
             "accuracy", "cost", "above lead");
  std::vector<double> ones(static_cast<size_t>(data.units), 1);
  for (const Rule& rule : rules) {
    Point here = point(rule, ones);
    Interval gain = interval(data, [&](std::span<const double> units) { return above(rule, leads, units); });
    fmt::print("{:<55}{:>7.2f} %{:>8.2f}  {}\n", rule.name, 100 * here.accuracy, here.cost, show(gain, 100));
  }
}

std::optional<Trace> trace_of(const RecordedSample& sample) {
  if (!sample.logprobs || sample.trace.empty()) return std::nullopt;
  const LogprobSummary& sums = *sample.logprobs;
  const TraceWindow& last = sample.trace.back();
  return Trace{sums.sum / sums.tokens, sums.entropy / sums.tokens,
               sums.minimum,           last.mean_confidence,
               last.min_confidence,    sample.answer_logprob.value_or(last.mean_confidence)};
}

// The samples' traces in the order of the pools; none if one of them has none.
std::vector<std::vector<std::vector<Trace>>> read_traces(const std::vector<std::string>& files, const Data& data) {
  std::vector<Recording> recordings;
  for (const std::string& file : files)
    for (Recording& r : import_recordings(file, "auto", exact_answers()).recordings) recordings.push_back(std::move(r));
  std::map<std::pair<std::string, std::string>, std::vector<Trace>> by_question;
  for (const Recording& r : merged(std::move(recordings)))
    for (const RecordedSample& sample : r.samples) {
      std::optional<Trace> trace = trace_of(sample);
      if (!trace) return {};
      by_question[{r.dataset + "\n" + r.model, r.id}].push_back(*trace);
    }
  std::vector<std::vector<std::vector<Trace>>> traces;
  for (const Pool& pool : data.pools) {
    traces.emplace_back();
    for (const Pool::Question& q : pool.questions)
      traces.back().push_back(by_question.at({pool.dataset + "\n" + pool.model, q.id}));
  }
  return traces;
}

int bench(int argc, char** argv) {
  std::vector<std::string> files(argv + 1, argv + argc);
  PoolInput input = read_pools(files, "auto", CostOf::tokens, exact_answers());
  for (const std::string& note : input.notes) fmt::print(stderr, "{}\n", note);
  if (input.pools.empty()) throw Error(Code::invalid_request, "usage: reckon_evidence_bench RECORDING...");
  Data data{.pools = std::move(input.pools)};
  if (data.pools[0].shape) data.traces = read_traces(files, data);  // only Reckon's own recordings have them
  data = prepare(std::move(data));
  double wrong = 0;
  for (const Run& run : data.runs) wrong += run.limit_wrong;
  if (auto all_runs = static_cast<double>(data.runs.size()); data.units < 20 || wrong == 0 || wrong == all_runs)
    throw Error(
        Code::invalid_request,
        fmt::format("{} questions of which {:.0f} have a wrong limit vote: with fewer than 20, or only one kind, "
                    "nothing can be fitted",
                    data.units, wrong / kOrders));
  fmt::print("{} questions, {} recordings, limit vote wrong in {:.1f} % of {} cases\n", data.units, data.pools.size(),
             100 * wrong / static_cast<double>(data.runs.size()), data.runs.size() / kOrders);
  print_auc(data);
  if (!data.traces.empty()) print_within(data);
  print_rules(data);
  return 0;
}

}  // namespace
}  // namespace reckon

int main(int argc, char** argv) {
  try {
    return reckon::bench(argc, argv);
  } catch (const reckon::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
