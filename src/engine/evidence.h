#pragma once
#include <vector>

#include <reckon/question.h>

namespace reckon {

// The log-probability summary and the trace windows of one piece of generation, token by token.
class Evidence {
 public:
  static constexpr int kWindow = 64;

  void add(int token, double logprob, double entropy);
  const LogprobSummary& summary() const { return summary_; }
  std::vector<TraceWindow> trace() const;  // the last window may cover fewer tokens

 private:
  TraceWindow window_so_far() const;

  LogprobSummary summary_;
  std::vector<TraceWindow> windows_;
  std::vector<int> tokens_;  // all, for repetition
  double confidence_ = 0, minimum_ = 0, entropy_ = 0;
  int repeated_ = 0, count_ = 0;
};

}  // namespace reckon
