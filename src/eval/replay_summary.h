#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "eval/replay.h"

namespace reckon {

// Runs work(0) ... work(count - 1) on `threads` threads (0: one per processor), in no particular order.
void parallel_for(int count, int threads, const std::function<void(int)>& work);

struct ReplayPlan {
  const ReplayOptions* options;
  int most;       // the longest fixed N
  int drawn = 0;  // samples in an order: enough for the curve and every cap, as far as the pool has them
  std::vector<const Policy*> policies;
};

// Columns of a ReplayTable: accuracy of fixed N = 1..most, its tokens, then kCells numbers per policy.
struct ReplayColumns {
  static constexpr int kCells = 6;  // accuracy, tokens, samples, sequential, seconds, flops
  int most;
  explicit ReplayColumns(int longest) : most(longest) {}
  int policy(int index, int cell) const { return 2 * most + index * kCells + cell; }
};

// Means over orders, one row per question: all that intervals over questions need.
class ReplayTable {
 public:
  ReplayTable(const Pool& pool, const ReplayPlan& plan);
  std::span<double> row(int question) { return {&cells_[question * width_], width_}; }
  std::span<const double> row(int question) const { return {&cells_[question * width_], width_}; }
  // Column means under one weight per question; all equal if the weights sum to 0.
  std::vector<double> means(std::span<const double> weights) const;

  std::string name, dataset;
  int most;
  std::vector<std::string> questions;
  std::vector<std::string> policies;  // with the oracles
  double mean_sample = 0;             // tokens of one draw

 private:
  size_t width_;
  std::vector<double> cells_;
};

// The fixed-N curve as a baseline: its running maximum, linear between N.
struct FixedCurve {
  std::vector<double> accuracy, tokens;
  FixedCurve(std::span<const double> accuracies, std::span<const double> costs);
  double tokens_at(double accuracy) const;  // infinite where no fixed N is as accurate
  double accuracy_at(double tokens) const;
};

// Fills report.pools and report.macro.
void summarise(const std::vector<ReplayTable>& tables, const ReplayOptions& options, ReplayReport& report);

}  // namespace reckon
