#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <memory>

#include "app/commands.h"
#include "app/interrupt.h"
#include "app/model_flags.h"
#include "app/policy_flags.h"
#include "app/run_ledger.h"
#include "app/terminal.h"
#include "eval/arms.h"
#include "eval/formats.h"
#include "eval/harness.h"
#include "eval/summary.h"
#include "verify/answer_verifier.h"
#include "verify/code_answer.h"

#include <reckon/error.h>

namespace reckon {
namespace {

struct Options {
  ModelFlags model;
  RunFlags run;
  PolicyFlags policy;
  std::string mean_budget;
  std::string file;
  std::string format = "auto";
  std::vector<std::string> strategies;
  std::string out = "eval-out";
  int limit = 0;
  int parallel = 1;
  bool record = false;
  bool json = false;
};

// "12/50 questions, 9 right, 3:20 left": time left from the rows of this run, not the resumed ones.
class Bar {
 public:
  void show(const EvalProgress& p) {
    std::string left;
    if (int fresh = p.done - p.resumed; fresh > 0) {
      double spent = std::chrono::duration<double>(Loop::Clock::now() - start_).count();
      int seconds = static_cast<int>(spent / fresh * (p.total - p.done));
      left = fmt::format(", {}:{:02} left", seconds / 60, seconds % 60);
    }
    int filled = p.total > 0 ? 24 * p.done / p.total : 24;
    status_line(fmt::format("[{:<24}] {}/{} runs, {} right{}", std::string(static_cast<size_t>(filled), '#'), p.done,
                            p.total, p.correct, left));
  }

 private:
  Loop::Time start_ = Loop::Clock::now();
};

std::vector<Question> read(const Options& options) {
  QuestionFile file = read_questions(options.file, options.format);
  for (const LineError& bad : file.errors)
    fmt::print(stderr, "reckon: {} line {}: {}; it is left out\n", options.file, bad.line, bad.message);
  if (options.limit > 0 && file.questions.size() > static_cast<size_t>(options.limit))
    file.questions.resize(static_cast<size_t>(options.limit));
  if (file.questions.empty())
    throw Error(Code::invalid_request, fmt::format("{} holds no question that can be run", options.file));
  return std::move(file.questions);
}

void write(const std::string& path, const std::string& text) {
  if (!(std::ofstream(path) << text)) throw Error(Code::environment, fmt::format("cannot write {}", path));
}

EvalOptions plan_of(const Options& options) {
  if (options.parallel < 1) throw Error(Code::invalid_request, "--parallel must be 1 or more");
  if (options.policy.price && !options.mean_budget.empty())
    throw Error(Code::invalid_request,
                "--price fixes the price and --mean-budget moves it: give one of them; the budget's first price is its "
                "start=P");
  RunOptions how = options.run.options();
  EvalOptions plan{.strategies = options.policy.strategies(options.strategies),
                   .budget = how.budget,
                   .seed = how.seed,
                   .sampling = how.sampling,
                   .until = how.until,
                   .parallel = options.parallel,
                   .folder = options.out,
                   .record = options.record,
                   .calibration = options.policy.read_calibration()};
  if (!options.mean_budget.empty()) plan.mean_budget = parse_mean_budget(options.mean_budget);
  if (plan.strategies.empty()) plan.strategies = {plan.mean_budget ? "adaptive:rule=voc" : "adaptive"};
  (void)make_arms(plan, options.model.model);  // refuse before the model is loaded
  return plan;
}

void tell_if_harder(const EvalOptions& plan, const std::vector<Question>& questions, const std::vector<EvalRow>& rows) {
  if (!plan.calibration) return;
  if (std::string warning = harder_than_calibrated(*plan.calibration, questions, rows); !warning.empty())
    fmt::print(stderr, "reckon: {}\n", warning);
}

int eval(const Options& options) {
  EvalOptions plan = plan_of(options);
  std::vector<Question> questions = read(options);

  AnswerVerifier texts;
  CodeVerifier programs;
  TaskVerifier verifier(texts, programs);
  AsioLoop loop;  // after the verifier: its pool may still be checking at the end
  Interrupt interrupt(loop);
  RunLedger ledger("eval");
  std::unique_ptr<Model> model = loop.run(on_pool([&] { return options.model.load(loop, options.parallel > 1); }));
  Bar bar;
  std::vector<EvalRow> rows = loop.run(
      evaluate(questions, *model, verifier, plan,
               {.progress = [&](const EvalProgress& p) { bar.show(p); },
                .receipt = [&](const std::string& question, Receipt& receipt) { ledger.add(question, receipt); },
                .on_start = [&](const std::shared_ptr<Account>& account) { interrupt.watch(account); },
                .interrupted = [&] { return interrupt.happened(); }}));
  status_line("");

  std::vector<StrategySummary> summaries = summarize(rows, plan.seed);
  std::string json = to_json(summaries);
  write(options.out + "/summary.json", json + "\n");
  write(options.out + "/results.csv", to_csv(rows));
  fmt::print("{}", options.json ? json + "\n" : to_table(summaries));
  tell_if_harder(plan, questions, rows);
  ledger.close();
  if (interrupt.happened()) {
    fmt::print(stderr, "reckon: interrupted; the same command goes on from {}\n", options.out);
    return 130;
  }
  return 0;
}

}  // namespace

Command eval_command() {
  auto o = std::make_shared<Options>();  // owned by both functions
  return {.name = "eval",
          .summary = "Accuracy of strategies on a data set, with what it cost and intervals; resumable.",
          .example = "reckon eval data/gsm8k-50.jsonl --strategy single --strategy adaptive --out results",
          .declare =
              [o](Flags& flags) {
                flags.positional("FILE", o->file, "Questions with reference answers.");
                flags.option("--format", o->format,
                             "gsm8k, math500, aime, aqua, mmlu, bbh, humaneval, mbpp, jsonl or auto.");
                flags.option("--strategy", o->strategies, "NAME[:KEY=VALUE,...]; several are compared with the first.");
                o->policy.declare_price(flags);
                flags.option("--mean-budget", o->mean_budget,
                             "tokens=N: move that price so that questions cost N on average.");
                o->policy.declare_calibration(flags);
                flags.option("--out", o->out, "Folder of results; an interrupted run goes on from it.");
                flags.option("--limit", o->limit, "Use the first N questions only; 0: all.");
                flags.option("--parallel", o->parallel, "Questions at a time.");
                flags.flag("--record", o->record, "Keep every sample in the folder, for replay.");
                flags.flag("--json", o->json, "Print the summary as JSON.");
                o->model.declare(flags);
                o->run.declare(flags);
              },
          .run = [o] { return eval(*o); }};
}

}  // namespace reckon
