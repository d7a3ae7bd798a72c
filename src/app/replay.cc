#include <fmt/format.h>

#include <fstream>
#include <memory>

#include <reckon/error.h>

#include "app/answer_rules.h"
#include "app/commands.h"
#include "eval/replay.h"
#include "eval/replay_input.h"
#include "eval/replay_report.h"
#include "eval/replay_stream.h"
#include "eval/report_replay.h"
#include "policy/policies.h"

namespace reckon {
namespace {

struct Options {
  std::vector<std::string> files, policies, batch_cost;
  std::string baseline = "fixed", format = "auto", answers = "math", cost = "tokens", json, csv, html, shape, mean_budget;
  int orders = 200, resamples = 1000, threads = 0, most = 64, width = 1, stream = 500;
  uint64_t seed = 1;
  bool wait = false, refill = false, oracles = false;
};

// "branches=seconds" pairs, one per measured width.
std::vector<BatchCost> batch_costs(const std::vector<std::string>& texts) {
  std::vector<BatchCost> curve;
  for (const std::string& text : texts) {
    BatchCost point;
    char equals = 0, rest = 0;
    if (sscanf(text.c_str(), "%d%c%lf%c", &point.branches, &equals, &point.seconds, &rest) != 3 || equals != '=' ||
        point.branches < 1 || !(point.seconds > 0) || (!curve.empty() && point.branches <= curve.back().branches))
      throw Error(
          Code::invalid_request,
          fmt::format("--batch-cost {}: give BRANCHES=SECONDS of one decoding step, fewest branches first", text));
    curve.push_back(point);
  }
  return curve;
}

struct ShapeOptions {
  double parameters = 0;
  int layers = 0, heads = 0, head_dim = 0;
  static constexpr auto fields() {
    return std::tuple{field("parameters", &ShapeOptions::parameters, 1, 1e15, "Active, without the embedding."),
                      field("layers", &ShapeOptions::layers, 1, 100000, "Transformer layers."),
                      field("heads", &ShapeOptions::heads, 1, 100000, "Query heads."),
                      field("head_dim", &ShapeOptions::head_dim, 1, 100000, "Width of a head.")};
  }
};

void write(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  if (!(std::ofstream(path, std::ios::binary) << text).flush())
    throw Error(Code::environment, fmt::format("cannot write {}", path));
}

std::string command_line(const Options& o) {
  std::string line = "reckon replay";
  for (const std::string& file : o.files) line += " " + file;
  for (const std::string& policy : o.policies) line += " --policy " + policy;
  line += fmt::format(" --orders {} --resamples {} --seed {} --format {}", o.orders, o.resamples, o.seed, o.format);
  if (o.answers != "math") line += " --answers " + o.answers;
  if (o.cost != "tokens") line += " --cost " + o.cost;
  if (o.most != 64) line += fmt::format(" --most {}", o.most);
  if (o.width != 1) line += fmt::format(" --width {}", o.width);
  for (auto [on, flag] : {std::pair(o.wait, " --wait"), {o.refill, " --refill"}, {o.oracles, " --oracles"}})
    if (on) line += flag;
  for (const std::string& point : o.batch_cost) line += " --batch-cost " + point;
  if (!o.shape.empty()) line += " --shape " + o.shape;
  return line;
}

PoolInput read(const Options& o) {
  PoolInput input = read_pools(o.files, o.format, parse_cost_of(o.cost), answer_rules(o.answers));
  if (o.shape.empty()) return input;
  auto shape = parse_options<ShapeOptions>("--shape", parse_spec("shape:" + o.shape).values);
  for (Pool& pool : input.pools)
    pool.shape = Shape{.matmul_parameters = shape.parameters,
                       .layers = shape.layers,
                       .query_heads = shape.heads,
                       .head_size = shape.head_dim};
  return input;
}

// One price for a stream of the recorded questions: what it costs and what it gets right.
int replay_streams(const Options& o) {
  PriceControl::Options budget = parse_mean_budget(o.mean_budget);
  for (const Pool& pool : read(o).pools) {
    StreamResult stream = replay_stream(pool, {.budget = budget, .questions = o.stream, .seed = o.seed});
    fmt::print("{}: {} questions at {:.0f} tokens each (budget {:.0f}), {:.2f} % right; the price ends at {:.4f}\n",
               pool.name, o.stream, stream.tokens, budget.tokens, 100 * stream.accuracy, stream.price);
  }
  return 0;
}

int replay(const Options& o) {
  if (o.baseline != "fixed")
    throw Error(Code::invalid_request, fmt::format("--baseline {}: the only baseline is fixed", o.baseline));
  if (!o.mean_budget.empty()) return replay_streams(o);
  std::vector<std::unique_ptr<Policy>> policies;
  for (const std::string& text : o.policies) policies.push_back(parse_policy(text));
  if (policies.empty())
    for (const char* preset : {"economy", "balanced", "quality"}) policies.push_back(parse_policy(preset));
  PoolInput input = read(o);
  ReplayOptions options{.orders = o.orders,
                        .seed = o.seed,
                        .resamples = o.resamples,
                        .most = o.most,
                        .threads = o.threads,
                        .width = o.width,
                        .cancel = !o.wait,
                        .refill = o.refill,
                        .oracles = o.oracles,
                        .batch_cost = batch_costs(o.batch_cost)};
  ReplayReport report = replay(input.pools, policies, options);
  report.notes.insert(report.notes.begin(), input.notes.begin(), input.notes.end());
  report.command = command_line(o);
  write(o.json, replay_json(report));
  write(o.csv, replay_csv(report));
  if (!o.html.empty()) write(o.html, to_html(replay_page(report)));
  fmt::print("{}", replay_table(report));
  return 0;
}

}  // namespace

Command replay_command() {
  auto o = std::make_shared<Options>();  // owned by the two functions below
  return {
      .name = "replay",
      .summary = "What stopping policies are worth on recorded answers.",
      .example = "reckon replay recordings/*.jsonl --policy balanced --policy asc:threshold=0.9,cap=48 --json r.json",
      .declare =
          [o](Flags& f) {
            f.positional("FILE", o->files, "Recordings; .zst is unpacked.");
            f.option("--policy", o->policies, "A policy, such as lead:m=2,cap=16; repeat for more.");
            f.option("--baseline", o->baseline, "What R and match compare with: fixed, the whole curve of N.");
            f.option("--format", o->format, "Format of the files: auto, boinf, recording or an import format.");
            f.option("--answers", o->answers, "How raw answers are compared: math (equivalence) or exact.");
            f.option("--cost", o->cost, "What a sample costs: tokens, text (bytes / 4) or samples (1 each).");
            f.option("--orders", o->orders, "Random orders per question.");
            f.option("--resamples", o->resamples, "Bootstrap resamples of the questions.");
            f.option("--seed", o->seed, "Same seed, same numbers.");
            f.option("--most", o->most, "Longest fixed N of the curve.");
            f.option("--threads", o->threads, "0: one per processor.");
            f.option("--width", o->width, "Branches drawn at once.");
            f.flag("--wait", o->wait, "Let a wave end after the decision instead of cancelling it.");
            f.flag("--refill", o->refill, "Start a new branch whenever one ends.");
            f.flag("--oracles", o->oracles, "Add rules that know the final vote: how far away the ceiling is.");
            f.option("--batch-cost", o->batch_cost, "BRANCHES=SECONDS of one decoding step; repeat, adds seconds.");
            f.option("--shape", o->shape, "parameters=P,layers=L,heads=H,head_dim=D of the model; adds FLOPs.");
            f.option("--mean-budget", o->mean_budget,
                     "tokens=N: instead, a stream of --stream questions under one price that follows this budget.");
            f.option("--stream", o->stream, "Questions of the stream.");
            f.option("--json", o->json, "Write the report as JSON.");
            f.option("--csv", o->csv, "Write one row per question and policy.");
            f.option("--html", o->html, "Write one self-contained page.");
          },
      .run = [o] { return replay(*o); }};
}

}  // namespace reckon
