#include "eval/report_replay.h"

#include <fmt/format.h>

#include <cmath>

namespace reckon {
namespace {

using Kind = PageColumn::Kind;

PageCell real(double value) { return {.number = value}; }
PageCell real(const Interval& i) { return {.number = i.value, .lo = i.lo, .hi = i.hi}; }
PageCell ratio(const Ratio& r) {
  if (!std::isfinite(r.value)) return {.text = "unreachable", .lo = r.lo};
  return {.number = r.value, .lo = r.lo, .hi = r.hi};
}

PageTable summary(const PoolReport& pool) {
  PageTable table;
  table.columns = {
      {Kind::text, "policy", "", 0},
      {Kind::percent, "accuracy %", "Share of questions answered right; no answer is wrong.", 2},
      {Kind::number, "tokens", "Generated per question, cancelled and unanswered samples included.", 0},
      {Kind::number, "cost", "The same in mean samples of the pool.", 2},
      {Kind::number, "samples", "Ended and counted.", 2},
      {Kind::points, fmt::format("d, points to N = {}", pool.most), "Accuracy minus that of the longest fixed N.", 2},
      {Kind::number, "R", "Tokens of the best fixed N at equal accuracy / tokens of the policy.", 2},
      {Kind::percent, "P(R > 1) %", "Share of bootstrap resamples with R above 1.", 0},
      {Kind::points, "match, points", "Accuracy minus that of the fixed-N curve at equal tokens.", 2},
      {Kind::number, "x64", "Tokens of the longest fixed N / tokens of the policy.", 1},
      {Kind::number, "sequential", "Tokens one after the other: the wait.", 0},
  };
  for (const ReplayRow& r : pool.rows)
    table.rows.push_back({{.text = r.policy},
                          real(r.accuracy),
                          real(r.tokens),
                          real(r.cost),
                          real(r.samples),
                          real(r.d),
                          ratio(r.ratio),
                          real(r.ratio.p_above_1),
                          real(r.match),
                          real(r.x64),
                          real(r.sequential)});
  return table;
}

// A pool's cost is drawn in its tokens; over several pools only the relative cost makes sense.
enum class Axis { tokens, samples };

PageSection section(const PoolReport& pool, std::string title, Axis axis, double level) {
  PageSection s{.title = std::move(title), .table = summary(pool)};
  double longest = pool.curve_accuracy.empty() ? 0 : pool.curve_accuracy.back();
  s.subtitle =
      fmt::format("{} questions; fixed N = {} is right on {:.2f} %.", pool.questions, pool.most, 100 * longest);
  double scale = 1;
  if (axis == Axis::tokens && !pool.rows.empty() && pool.rows[0].cost > 0)
    scale = pool.rows[0].tokens / pool.rows[0].cost;
  std::vector<double> curve_x = pool.curve_cost;
  for (double& x : curve_x) x *= scale;
  s.plot = {.x_label = axis == Axis::tokens ? "tokens per question" : "cost, mean samples",
            .y_label = "accuracy",
            .caption = fmt::format("Line: fixed N = 1 to {}. Whiskers: {:.0f} % interval of the difference to N = {}.",
                                   pool.most, 100 * level, pool.most),
            .curves = {{"fixed N", curve_x, pool.curve_accuracy}}};
  for (const ReplayRow& r : pool.rows)
    s.plot.points.push_back(
        {.name = r.policy, .x = r.cost * scale, .y = r.accuracy, .lo = longest + r.d.lo, .hi = longest + r.d.hi});
  return s;
}

}  // namespace

Page replay_page(const ReplayReport& report) {
  Page page{.title = "Reckon replay", .command = report.command, .notes = report.notes};
  const double level = report.options.level;
  page.notes.push_back(
      fmt::format("{} orders per question, seed {}; {:.0f} % intervals from {} resamples of the questions.",
                  report.options.orders, report.options.seed, 100 * level, report.options.resamples));
  if (report.macro)
    page.sections.push_back(
        section(*report.macro, fmt::format("mean of {} pools", report.pools.size()), Axis::samples, level));
  for (const PoolReport& pool : report.pools) page.sections.push_back(section(pool, pool.name, Axis::tokens, level));
  page.details.columns = {{Kind::text, "pool", "", 0},        {Kind::text, "question", "", 0},
                          {Kind::text, "policy", "", 0},      {Kind::percent, "accuracy %", "Over the orders.", 1},
                          {Kind::number, "tokens", "", 0},    {Kind::number, "samples", "", 2},
                          {Kind::number, "sequential", "", 0}};
  page.detail_choices = {0, 2};
  for (const PoolReport& pool : report.pools)
    for (const QuestionRow& q : pool.per_question)
      page.details.rows.push_back({{.text = q.pool},
                                   {.text = q.question},
                                   {.text = q.policy},
                                   real(q.accuracy),
                                   real(q.tokens),
                                   real(q.samples),
                                   real(q.sequential)});
  return page;
}

}  // namespace reckon
