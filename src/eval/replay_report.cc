#include "eval/replay_report.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

namespace reckon {
namespace {

namespace json = boost::json;

json::value number(double value) { return std::isfinite(value) ? json::value(value) : json::value(nullptr); }
json::array numbers(const std::vector<double>& values) {
  json::array all;
  for (double value : values) all.push_back(number(value));
  return all;
}
json::object interval(const Interval& i) {
  return {{"value", number(i.value)}, {"lo", number(i.lo)}, {"hi", number(i.hi)}};
}

json::array rows(const PoolReport& pool) {
  json::array all;
  for (const ReplayRow& row : pool.rows) {
    json::object ratio = interval({row.ratio.value, row.ratio.lo, row.ratio.hi});
    ratio["p_above_1"] = number(row.ratio.p_above_1);
    all.push_back(json::object{{"policy", row.policy},
                               {"accuracy", row.accuracy},
                               {"tokens", row.tokens},
                               {"cost", row.cost},
                               {"samples", row.samples},
                               {"sequential", row.sequential},
                               {"seconds", row.seconds > 0 ? json::value(row.seconds) : json::value(nullptr)},
                               {"flops", row.flops > 0 ? json::value(row.flops) : json::value(nullptr)},
                               {"d", interval(row.d)},
                               {"ratio", std::move(ratio)},
                               {"match", interval(row.match)},
                               {"x64", row.x64}});
  }
  return all;
}

std::string bound(double value, const char* format, double scale) {
  if (std::isnan(value)) return "?";
  if (std::isinf(value)) return "unreachable";
  return fmt::format(fmt::runtime(format), value * scale);
}
std::string shown(const Interval& i, const char* format, double scale) {
  std::string value = bound(i.value, format, scale);
  if (std::isnan(i.lo)) return value;
  return fmt::format("{} [{}, {}]", value, bound(i.lo, format, scale), bound(i.hi, format, scale));
}

std::string amount(double tokens) { return fmt::format(fmt::runtime(tokens < 100 ? "{:.2f}" : "{:.0f}"), tokens); }

void add_table(const PoolReport& pool, std::string& text) {
  text += fmt::format("{}: {} questions; fixed N = 1 is right on {:.2f} %, N = {} on {:.2f} %\n", pool.name,
                      pool.questions, 100 * pool.curve_accuracy.front(), pool.most, 100 * pool.curve_accuracy.back());
  text += fmt::format("  {:<34} {:>8} {:>9} {:>6} {:>7} {:>10} {:>6} {:>22} {:>33} {:>22} {:>6}\n", "policy",
                      "accuracy", "tokens", "cost", "samples", "sequential", "x" + std::to_string(pool.most),
                      "d, points", "R at equal accuracy", "match, points", "P(R>1)");
  for (const ReplayRow& row : pool.rows)
    text += fmt::format("  {:<34} {:>6.2f} % {:>9} {:>6.2f} {:>7.2f} {:>10} {:>6.1f} {:>22} {:>33} {:>22} {:>6}\n",
                        row.policy, 100 * row.accuracy, amount(row.tokens), row.cost, row.samples,
                        amount(row.sequential), row.x64, shown(row.d, "{:+.2f}", 100),
                        shown({row.ratio.value, row.ratio.lo, row.ratio.hi}, "{:.2f}", 1),
                        shown(row.match, "{:+.2f}", 100), bound(row.ratio.p_above_1, "{:.2f}", 1));
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string replay_table(const ReplayReport& report) {
  std::string text;
  for (const PoolReport& pool : report.pools) add_table(pool, text);
  if (report.macro && report.pools.size() > 1) add_table(*report.macro, text);
  const ReplayOptions& o = report.options;
  text += fmt::format(
      "{} orders, seed {}; {:.0f} % intervals from {} resamples of the questions. cost: tokens in mean samples. "
      "d: accuracy minus the longest fixed N. R: tokens of the best fixed N at equal accuracy / tokens. match: "
      "accuracy "
      "minus fixed N at equal tokens.\n",
      o.orders, o.seed, 100 * o.level, o.resamples);
  for (const std::string& note : report.notes) text += "note: " + note + "\n";
  return text;
}

std::string replay_json(const ReplayReport& report) {
  json::array pools;
  for (const PoolReport& pool : report.pools)
    pools.push_back(
        json::object{{"name", pool.name},
                     {"questions", pool.questions},
                     {"most", pool.most},
                     {"curve", {{"accuracy", numbers(pool.curve_accuracy)}, {"cost", numbers(pool.curve_cost)}}},
                     {"rows", rows(pool)}});
  json::object all{{"version", 1},
                   {"command", report.command},
                   {"seed", report.options.seed},
                   {"orders", report.options.orders},
                   {"resamples", report.options.resamples},
                   {"level", report.options.level},
                   {"width", report.options.width},
                   {"notes", json::value_from(report.notes)},
                   {"pools", std::move(pools)},
                   {"macro", report.macro ? rows(*report.macro) : json::array()}};
  return json::serialize(all) + "\n";
}

std::string replay_csv(const ReplayReport& report) {
  std::string text = "pool,question,policy,accuracy,tokens,samples,sequential\n";
  for (const PoolReport& pool : report.pools)
    for (const QuestionRow& row : pool.per_question)
      text += fmt::format("{},{},{},{},{},{},{}\n", quoted(row.pool), quoted(row.question), quoted(row.policy),
                          row.accuracy, row.tokens, row.samples, row.sequential);
  return text;
}

}  // namespace reckon
