#include "eval/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <thread>

#include <reckon/error.h>

#include "base/rng.h"
#include "eval/replay_run.h"
#include "eval/replay_summary.h"

namespace reckon {
namespace {

// Adds what fixed N = 1..most gets right and spends in one order. Returns the final vote and when it first led.
struct Curve {
  int last = -1, first_seen = 0;
  double tokens_until = 0, first_tokens = 0;
};
Curve add_curve(const Pool::Question& question, std::span<const int> order, Tally& tally, std::span<double> row) {
  size_t most = order.size();
  std::vector<int> votes(most);
  std::vector<double> spent(most);
  tally.clear();
  for (size_t n = 0; n < most; ++n) {
    const Pool::Sample& sample = question.samples[order[n]];
    add(tally, sample);
    votes[n] = tally.incumbent();
    spent[n] = tally.state().spent;
    row[n] += votes[n] >= 0 && question.answers[votes[n]].correct;
    row[most + n] += spent[n];
  }
  Curve curve{.last = votes.back(), .first_tokens = spent.front()};
  size_t first = std::find(votes.begin(), votes.end(), curve.last) - votes.begin();
  curve.first_seen = static_cast<int>(first) + 1;
  curve.tokens_until = spent[first];
  return curve;
}

// One question, all orders: a row of ReplayTable.
void replay_question(const Pool& pool, const Pool::Question& question, const ReplayPlan& plan, std::span<double> row) {
  const ReplayOptions& options = *plan.options;
  Replayer replayer(options, pool);
  Tally tally;
  std::vector<int> order(question.samples.size());
  ReplayColumns at(plan.most);
  for (int o = 0; o < options.orders; ++o) {
    draw_order(pool, question, {.seed = options.seed, .index = o, .draws = plan.drawn}, order);
    std::span<const int> drawn(order.data(), plan.drawn);
    Curve curve = add_curve(question, drawn.first(plan.most), tally, row);
    bool right = curve.last >= 0 && question.answers[curve.last].correct;
    int p = 0;
    auto add = [&](bool correct, const ReplayRun& run) {
      double* cell = &row[at.policy(p++, 0)];
      for (double value : {static_cast<double>(correct), run.tokens, static_cast<double>(run.n), run.sequential,
                           run.seconds, run.flops})
        *cell++ += value;
    };
    for (const Policy* policy : plan.policies) {
      ReplayRun run = replayer.run(question, drawn, *policy);
      add(run.vote >= 0 && question.answers[run.vote].correct, run);
    }
    if (!options.oracles) continue;
    ReplayRun knows{.n = curve.first_seen, .tokens = curve.tokens_until, .sequential = curve.tokens_until};
    ReplayRun hopeless{.n = 1, .tokens = curve.first_tokens, .sequential = curve.first_tokens};
    add(right, knows);
    add(right, right ? knows : hopeless);
  }
  for (double& value : row) value /= options.orders;
}

void check(const std::vector<Pool>& pools, const std::vector<std::unique_ptr<Policy>>& policies,
           const ReplayOptions& options) {
  auto refuse = [](const std::string& what) { throw Error(Code::invalid_request, what); };
  if (pools.empty()) refuse("there is no recording to replay");
  if (options.orders < 1) refuse("a replay needs at least one order");
  if (options.most < 2) refuse("the fixed-N curve needs at least N = 1 and N = 2");
  if (options.width < 1) refuse("a wave holds at least one branch");
  if (options.resamples < 1) refuse("the intervals need at least one resample");
  std::set<std::string> names;
  for (const Pool& pool : pools) {
    validate(pool);
    if (!names.insert(pool.name).second) refuse(fmt::format("two recordings are named {}", pool.name));
    int least = pool.least_samples();
    if (least < 2)
      refuse(fmt::format("{}: a question has only one sample, and stopping rules need at least two", pool.name));
    for (const auto& policy : policies)
      if (policy->text().starts_with("fixed:") && policy->cap() > least)
        refuse(fmt::format("{}: {} needs {} samples, but a question has only {}", pool.name, policy->text(),
                           policy->cap(), least));
  }
}

void note(const Pool& pool, const ReplayPlan& plan, std::vector<std::string>& notes) {
  size_t most_samples = 0;
  bool right = false, wrong = false;
  double tokens = 0;
  for (const Pool::Question& question : pool.questions) {
    most_samples = std::max(most_samples, question.samples.size());
    for (const Pool::Sample& sample : question.samples) {
      bool correct = sample.answer >= 0 && question.answers[sample.answer].correct;
      (correct ? right : wrong) = true;
      tokens += sample.tokens;
    }
  }
  if (tokens == 0) throw Error(Code::invalid_request, fmt::format("{}: no sample has a cost in tokens", pool.name));
  if (static_cast<int>(most_samples) != pool.least_samples())
    notes.push_back(fmt::format("{}: questions have {} to {} samples; at most {} of each are drawn.", pool.name,
                                pool.least_samples(), most_samples, plan.drawn));
  for (const Policy* policy : plan.policies)
    if (policy->cap() > plan.drawn)
      notes.push_back(fmt::format("{}: {} was cut off at {} draws, all that a question has.", pool.name, policy->text(),
                                  plan.drawn));
  if (!right) notes.push_back(fmt::format("{}: no sample is right, so accuracy says nothing here.", pool.name));
  if (!wrong) notes.push_back(fmt::format("{}: every sample is right, so one sample is enough.", pool.name));
  if (pool.questions.size() == 1)
    notes.push_back(fmt::format("{}: a single question; its intervals have no meaning and are left out.", pool.name));
}

}  // namespace

void parallel_for(int count, int threads, const std::function<void(int)>& work) {
  if (threads <= 0) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::atomic<int> next = 0;
  std::vector<std::exception_ptr> errors(threads);
  auto loop = [&](int thread) {
    try {
      for (int i = next++; i < count; i = next++) work(i);
    } catch (...) {
      errors[thread] = std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> pool;
    for (int t = 1; t < threads; ++t) pool.emplace_back(loop, t);
    loop(0);
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

ReplayReport replay(const std::vector<Pool>& pools, const std::vector<std::unique_ptr<Policy>>& policies,
                    const ReplayOptions& options) {
  check(pools, policies, options);
  ReplayReport report{.options = options};
  std::vector<ReplayTable> tables;
  for (const Pool& pool : pools) {
    ReplayPlan plan{.options = &options, .most = std::min(options.most, pool.least_samples())};
    plan.drawn = plan.most;
    for (const auto& policy : policies) {
      plan.policies.push_back(policy.get());
      plan.drawn = std::min(std::max(plan.drawn, policy->cap()), pool.least_samples());
    }
    note(pool, plan, report.notes);
    tables.push_back(ReplayTable(pool, plan));
    ReplayTable& table = tables.back();
    parallel_for(static_cast<int>(pool.questions.size()), options.threads,
                 [&](int q) { replay_question(pool, pool.questions[q], plan, table.row(q)); });
  }
  summarise(tables, options, report);
  return report;
}

}  // namespace reckon
