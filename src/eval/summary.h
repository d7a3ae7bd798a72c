#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "eval/harness.h"
#include "stats/stats.h"

namespace reckon {

// One strategy over all questions: accuracy (Wilson interval), what it cost per question, and the paired difference to
// the first strategy (percentile bootstrap over questions). Questions whose run failed count as wrong, and are told.
struct StrategySummary {
  std::string strategy;
  int questions = 0, correct = 0, failed = 0, unanswered = 0;
  Interval accuracy;
  Interval difference;   // accuracy minus the first strategy's, on the questions that both have
  Interval token_ratio;  // computed tokens of the first strategy / of this one
  double tokens = 0, samples = 0, flops = 0, seconds = 0, cpu_seconds = 0;  // mean per question
};

std::vector<StrategySummary> summarize(const std::vector<EvalRow>& rows, uint64_t seed);
std::string to_table(const std::vector<StrategySummary>& summaries);  // for a person
std::string to_csv(const std::vector<EvalRow>& rows);                 // one row per question and strategy
std::string to_json(const std::vector<StrategySummary>& summaries);   // schema "reckon.eval-summary/1"

}  // namespace reckon
