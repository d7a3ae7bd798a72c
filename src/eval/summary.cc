#include "eval/summary.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "stats/bootstrap.h"

namespace reckon {
namespace {

namespace json = boost::json;
constexpr int kResamples = 10'000;

std::string field(const std::string& text) {  // RFC 4180
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

// Mean tokens of the first strategy over mean tokens of the other, with its interval over questions.
Interval ratio(const std::vector<double>& first, const std::vector<double>& other, uint64_t seed) {
  auto statistic = [&](std::span<const double> weights) {
    double a = 0, b = 0;
    for (size_t i = 0; i < first.size(); ++i) a += weights[i] * first[i], b += weights[i] * other[i];
    return b > 0 ? a / b : 0;
  };
  return bootstrap(static_cast<int>(first.size()), statistic, {.resamples = kResamples, .seed = seed});
}

json::value to_value(const Interval& i) { return {{"value", i.value}, {"lo", i.lo}, {"hi", i.hi}}; }

}  // namespace

std::vector<StrategySummary> summarize(const std::vector<EvalRow>& rows, uint64_t seed) {
  std::vector<StrategySummary> all;
  std::map<std::string, std::map<std::string, const EvalRow*>> by_strategy;
  for (const EvalRow& row : rows) {
    if (!by_strategy.contains(row.strategy)) all.push_back({.strategy = row.strategy});
    by_strategy[row.strategy][row.question] = &row;
  }
  for (StrategySummary& s : all) {
    const auto& mine = by_strategy[s.strategy];
    for (const auto& [id, row] : mine) {
      ++s.questions;
      s.correct += row->correct;
      s.failed += row->verdict == "error";
      s.unanswered += row->verdict == "none";
      s.tokens += static_cast<double>(row->usage.computed());
      s.samples += row->samples;
      s.flops += row->usage.flops;
      s.seconds += row->seconds;
      s.cpu_seconds += row->cpu_seconds;
    }
    for (double* sum : {&s.tokens, &s.samples, &s.flops, &s.seconds, &s.cpu_seconds}) *sum /= s.questions;
    s.accuracy = wilson(s.correct, s.questions);
    if (s.strategy == all.front().strategy) continue;
    std::vector<double> a, b, a_tokens, b_tokens;  // the first strategy and this one, on the questions of both
    for (const auto& [id, row] : by_strategy[all.front().strategy])
      if (auto other = mine.find(id); other != mine.end()) {
        a.push_back(row->correct), b.push_back(other->second->correct);
        a_tokens.push_back(static_cast<double>(row->usage.computed()));
        b_tokens.push_back(static_cast<double>(other->second->usage.computed()));
      }
    if (a.empty()) continue;
    s.difference = paired_bootstrap(b, a, {}, {.resamples = kResamples, .seed = seed});
    s.token_ratio = ratio(a_tokens, b_tokens, seed);
  }
  return all;
}

std::string to_table(const std::vector<StrategySummary>& summaries) {
  size_t width = 8;
  for (const StrategySummary& s : summaries) width = std::max(width, s.strategy.size());
  std::string text =
      fmt::format("{:<{}}  {:>9} {:>15}  {:>21}  {:>8} {:>7} {:>9} {:>8}\n", "strategy", width, "accuracy",
                  "95 % interval", "difference (points)", "tokens", "samples", "FLOPs", "seconds");
  for (const StrategySummary& s : summaries) {
    std::string difference = &s == &summaries.front()
                                 ? "-"
                                 : fmt::format("{:+.1f} [{:+.1f}, {:+.1f}]", 100 * s.difference.value,
                                               100 * s.difference.lo, 100 * s.difference.hi);
    text +=
        fmt::format("{:<{}}  {:>7.1f} % {:>15}  {:>21}  {:>8.1f} {:>7.2f} {:>9.3g} {:>8.2f}\n", s.strategy, width,
                    100 * s.accuracy.value, fmt::format("[{:.1f}, {:.1f}]", 100 * s.accuracy.lo, 100 * s.accuracy.hi),
                    difference, s.tokens, s.samples, s.flops, s.seconds);
  }
  for (const StrategySummary& s : summaries) {
    if (&s != &summaries.front() && s.token_ratio.value > 0)
      text += fmt::format("{}: {:.2f} [{:.2f}, {:.2f}] times fewer tokens than {}\n", s.strategy, s.token_ratio.value,
                          s.token_ratio.lo, s.token_ratio.hi, summaries.front().strategy);
    if (s.failed + s.unanswered > 0)
      text += fmt::format("{}: {} of {} questions without an answer, {} failed; they count as wrong\n", s.strategy,
                          s.unanswered, s.questions, s.failed);
  }
  return text;
}

std::string to_csv(const std::vector<EvalRow>& rows) {
  std::string text =
      "question,strategy,answer,reference,verdict,correct,confidence,difficulty,price,stop_reason,samples,prompt_"
      "tokens,cached_tokens,"
      "selected_tokens,discarded_tokens,verifier_tokens,probe_tokens,computed_tokens,flops,seconds,cpu_seconds,error\n";
  for (const EvalRow& r : rows)
    text +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", field(r.question),
                    field(r.strategy), field(r.answer), field(r.reference), r.verdict, r.correct ? 1 : 0, r.confidence,
                    r.difficulty, r.price ? fmt::format("{}", *r.price) : "", r.stop_reason, r.samples, r.usage.prompt,
                    r.usage.cached, r.usage.selected, r.usage.discarded, r.usage.verifier, r.usage.probe,
                    r.usage.computed(), r.usage.flops, r.seconds, r.cpu_seconds, field(r.error));
  return text;
}

std::string to_json(const std::vector<StrategySummary>& summaries) {
  json::array list;
  for (const StrategySummary& s : summaries) {
    json::object row{{"strategy", s.strategy}, {"questions", s.questions},    {"correct", s.correct},
                     {"failed", s.failed},     {"unanswered", s.unanswered},  {"accuracy", to_value(s.accuracy)},
                     {"tokens", s.tokens},     {"samples", s.samples},        {"flops", s.flops},
                     {"seconds", s.seconds},   {"cpu_seconds", s.cpu_seconds}};
    if (&s != &summaries.front())
      row["difference"] = to_value(s.difference), row["token_ratio"] = to_value(s.token_ratio);
    list.push_back(std::move(row));
  }
  return json::serialize(json::object{{"schema", "reckon.eval-summary/1"}, {"strategies", std::move(list)}});
}

}  // namespace reckon
