#include "eval/calibrate.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <memory>

#include <reckon/error.h>

#include "app/answer_rules.h"
#include "app/commands.h"
#include "base/meters.h"
#include "eval/replay_input.h"
#include "eval/text_file.h"

namespace reckon {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string format = "auto", answers = "math", out = "calibration.json";
  double target = 0.5;
  std::optional<double> max_risk;
  int orders = 50, resamples = 1000, threads = 0;
  uint64_t seed = 1;
};

void print(const Calibration& c) {
  fmt::print("{}, {}: {} questions with {} draws, {:.0f} tokens a draw, two draws agree on {:.1f} %\n", c.model,
             c.dataset.empty() ? c.task : fmt::format("{} ({})", c.dataset, c.task), c.questions, c.draws, c.mean_draw,
             100 * c.pair_agreement);
  if (!c.points.empty())
    fmt::print("  {:<34} {:>8} {:>9} {:>16} {:>10} {:>16}\n", "frontier", "accuracy", "tokens", "d [lower bound]",
               "x" + std::to_string(c.curve_accuracy.size()), "risk [upper]");
  for (size_t i = 0; i < c.points.size(); ++i) {
    const Calibration::Point& p = c.points[i];
    std::string chosen;
    for (auto [name, choice] : {std::pair("economy", c.economy), {"balanced", c.balanced}, {"quality", c.quality}})
      if (choice == static_cast<int>(i)) chosen += fmt::format(" {}", name);
    fmt::print("  {:<34} {:>6.2f} % {:>9.0f} {:>+6.2f} [{:+.2f}] {:>9.1f} {:>6.2f} % [{:.2f} %]{}\n", p.policy,
               100 * p.accuracy, p.tokens, 100 * p.d, 100 * p.d_lo, p.x64, 100 * p.risk, 100 * p.risk_hi, chosen);
  }
  fmt::print("{}\n", c.verdict);
}

int calibrate(const Options& o) {
  PoolInput input = read_pools(o.files, o.format, CostOf::tokens, answer_rules(o.answers));
  for (const std::string& note : input.notes) fmt::print(stderr, "reckon: {}\n", note);
  if (input.pools.empty()) throw Error(Code::invalid_request, "the recordings hold no questions");
  const Pool& pool = input.pools.front();
  if (input.pools.size() > 1)
    throw Error(Code::invalid_request,
                fmt::format("these are recordings of {} and {}: calibrate each model and task alone", pool.name,
                            input.pools[1].name));
  std::string bytes;
  for (const std::string& file : o.files) bytes += read_text_file(file);
  Calibration c = calibrate(pool, {.target_points = o.target,
                                   .max_risk = o.max_risk,
                                   .orders = o.orders,
                                   .resamples = o.resamples,
                                   .seed = o.seed,
                                   .threads = o.threads});
  c.created = fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(unix_milliseconds() / 1000)));
  c.source_sha256 = sha256(bytes);
  print(c);
  if (!(std::ofstream(o.out, std::ios::binary) << to_json(c)).flush())
    throw Error(Code::environment, fmt::format("cannot write {}", o.out));
  fmt::print("written to {}\n", o.out);
  return 0;
}

}  // namespace

Command calibrate_command() {
  auto o = std::make_shared<Options>();  // owned by the two functions below
  return {.name = "calibrate",
          .summary = "Choose the stopping policy for one model and task from its recordings.",
          .example = "reckon calibrate recordings/*.jsonl --out calibration.json",
          .declare =
              [o](Flags& f) {
                f.positional("FILE", o->files, "Recordings of one model on one task; .zst is unpacked.");
                f.option("--format", o->format, "Format of the files: auto, boinf, recording or an import format.");
                f.option("--answers", o->answers, "How raw answers are compared: math (equivalence) or exact.");
                f.option("--out", o->out, "Where the calibration is written.");
                f.option("--target", o->target, "Points of accuracy that may be lost against the longest fixed N.");
                f.option("--max-risk", o->max_risk, "Percent of questions that may be lost, certified at 95 %.");
                f.option("--orders", o->orders, "Random orders per question.");
                f.option("--resamples", o->resamples, "Bootstrap resamples of the questions.");
                f.option("--seed", o->seed, "Same seed, same split and numbers.");
                f.option("--threads", o->threads, "0: one per processor.");
              },
          .run = [o] { return calibrate(*o); }};
}

}  // namespace reckon
