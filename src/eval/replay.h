#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <reckon/policy.h>

#include "eval/pool.h"
#include "policy/waves.h"
#include "stats/stats.h"

namespace reckon {

struct ReplayOptions {
  int orders = 200;      // random orders per question
  uint64_t seed = 1;     // same seed, same numbers, for any number of threads
  int resamples = 1000;  // of the bootstrap over questions
  double level = 0.95;   // of the intervals
  int most = 64;         // the fixed-N curve runs from 1 to this, or to the samples of the poorest question
  int threads = 0;       // 0: one per processor
  int width = 1;         // branches drawn at once
  bool cancel = true;    // stop the branches that still run when the policy stops
  bool refill = false;   // start a new branch whenever one ends
  bool oracles = false;  // add the two rows that know the final vote
  std::vector<BatchCost> batch_cost;  // measured step times: adds seconds
};

// Tokens of the best fixed N at equal accuracy over tokens of the policy. Infinite where no fixed N is as accurate.
struct Ratio {
  double value = 0, lo = 0, hi = 0;
  double p_above_1 = 0;  // share of resamples with a ratio above 1
};

// One policy on one pool, or over all pools of a report. Per question: means over orders.
struct ReplayRow {
  std::string policy;
  double accuracy = 0;    // share of questions answered right; none is wrong
  double tokens = 0;      // generated tokens, missing answers and cancelled branches included
  double cost = 0;        // the same in mean samples of the pool; over pools, the mean of their costs
  double samples = 0;     // draws ended and counted
  double sequential = 0;  // tokens one after the other: the wait if a step took the same time at every width
  double seconds = 0;     // the wait by the batch-cost curve; 0 without one
  double flops = 0;       // 0 without the model's shape
  Interval d;             // accuracy minus that of the longest fixed N (SC@64)
  Ratio ratio;
  Interval match;  // accuracy minus that of the fixed-N curve at equal tokens
  double x64 = 0;  // tokens of the longest fixed N over tokens of the policy
};

struct QuestionRow {
  std::string pool, question, policy;
  double accuracy = 0, tokens = 0, samples = 0, sequential = 0;
};

struct PoolReport {
  std::string name;
  int questions = 0;
  int most = 0;                                    // the longest fixed N
  std::vector<double> curve_accuracy, curve_cost;  // of fixed N = 1, 2, ...; cost in mean samples
  std::vector<ReplayRow> rows;                     // in the order of the policies, then the oracles
  std::vector<QuestionRow> per_question;
};

struct ReplayReport {
  std::string command;  // that made it
  ReplayOptions options;
  std::vector<PoolReport> pools;
  std::optional<PoolReport> macro;  // means over pools, compared by cost: no pool weighs more for being wordy
  std::vector<std::string> notes;   // what a reader must know about these numbers, one sentence each
};

// Throws Error{invalid_request} if a pool cannot give an honest answer.
ReplayReport replay(const std::vector<Pool>& pools, const std::vector<std::unique_ptr<Policy>>& policies,
                    const ReplayOptions& options = {});

}  // namespace reckon
