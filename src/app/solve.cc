#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/check_flags.h"
#include "app/commands.h"
#include "app/interrupt.h"
#include "app/model_flags.h"
#include "app/policy_flags.h"
#include "app/recorder.h"
#include "app/run_ledger.h"
#include "app/terminal.h"
#include "base/receipt_json.h"
#include "base/text.h"
#include "eval/text_file.h"
#include "strategy/catalog.h"
#include "strategy/instruction.h"
#include "strategy/run.h"
#include "strategy/tune.h"
#include "verify/answer_verifier.h"
#include "verify/code_answer.h"

#include <reckon/error.h>

namespace reckon {
namespace {

struct Options {
  ModelFlags model;
  RunFlags run;
  PolicyFlags policy;
  std::string question;
  std::optional<std::string> strategy;
  std::optional<std::string> task;
  CheckFlags check;
  std::string record;
  std::vector<std::string> choices;
  bool json = false;
  bool stream = false;
};

std::string read_question(const std::string& given) {
  std::string text = given;
  if (given == "-") text.assign(std::istreambuf_iterator<char>(std::cin), {});
  check_text(text, "the question");
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    throw Error(Code::invalid_request,
                "the question is empty; give it as an argument, or - to read it from standard input");
  return text;
}

// "3/16 samples, 2 for 42" on one line of a terminal, rewritten as the run goes on.
void show(const Progress::Event& event) {
  status_line(fmt::format("{}/{} samples, {} running{}", event.finished, event.cap, event.live,
                          event.leader.empty() ? "" : fmt::format(", {} for {}", event.votes, event.leader)));
}

std::string to_json(const Question& question, const Run& run) {
  namespace json = boost::json;
  const Outcome& o = run.outcome;
  json::object object{{"schema", "reckon.solve/1"}, {"question", question.messages.back().content},
                      {"answer", nullptr},          {"text", o.text},
                      {"confidence", o.confidence}, {"difficulty", o.difficulty},
                      {"votes", o.votes},           {"stop_reason", o.stop_reason}};
  if (o.answer) {
    object["answer"] = o.answer->text;
    object["canonical"] = o.answer->canonical;
    object["span"] = {o.answer->begin, o.answer->end};  // the bytes of `text` that the answer was read from
  }
  object["receipt"] = to_object(run.receipt);
  return json::serialize(object);
}

void print(const Run& run, bool streamed) {
  const Outcome& o = run.outcome;
  if (streamed) fmt::print("\n\n");
  if (o.answer) fmt::print("{}\n", o.answer->text);
  else fmt::print("no answer ({})\n", o.stop_reason);
  if (o.confidence > 0 && run.receipt.finished > 1)
    fmt::print("  confidence  {:.2f} (stability of the vote: {} of {} samples)\n", o.confidence, o.votes,
               run.receipt.finished);
  fmt::print("{}", to_text(run.receipt));
}

// The strategy's text, with what --price and --calibration make of it.
Calibrated choose_strategy(const Options& options, const Question& question) {
  std::vector<std::string> given;
  if (options.strategy) given.push_back(*options.strategy);
  given = options.policy.strategies(std::move(given));
  std::string text = !given.empty() ? given.front() : question.check ? "verified" : "adaptive";
  (void)make_strategy(text);  // refuse before the model is loaded
  std::optional<Calibration> calibration = options.policy.read_calibration();
  if (!calibration) return {.strategy = text};
  return calibrated(text, *calibration, options.model.model, question.task);
}

int solve(const Options& options) {
  Question question{.choices = options.choices, .check = options.check.read()};
  question.task = options.task ? task_kind(*options.task) : task_of(question.check);
  question.messages = instruct(question.task, read_question(options.question), options.choices);
  question.id = sha256(question.messages.back().content).substr(0, 16);
  Calibrated chosen = choose_strategy(options, question);
  std::unique_ptr<Strategy> strategy = make_strategy(chosen.strategy);
  AnswerVerifier texts;
  CodeVerifier programs;
  TaskVerifier verifier(texts, programs);
  require_check(strategy->text(), question, verifier);
  RunOptions how = options.run.options();
  std::unique_ptr<Recorder> recorder;
  if (!options.record.empty()) recorder = std::make_unique<Recorder>(options.record);

  AsioLoop loop;
  Interrupt interrupt(loop);
  RunLedger ledger("solve");
  std::unique_ptr<Model> model = loop.run(on_pool([&] { return options.model.load(loop); }));
  how.on_start = [&](const std::shared_ptr<Account>& account) {
    if (!chosen.note.empty()) account->note(chosen.note);
    interrupt.watch(account);
  };
  if (options.stream)
    how.progress.text = [](int number) -> TextSink {
      if (number > 0) return {};
      return {[](std::string_view piece) { fmt::print("{}", piece), std::fflush(stdout); }};
    };
  else how.progress.event = show;
  Run run = loop.run(recorder ? recorder->run(question, *strategy, *model, verifier, std::move(how))
                              : reckon::run(question, *strategy, *model, verifier, std::move(how)));
  status_line("");
  ledger.add("command line", run.receipt);

  if (options.json) fmt::print("{}\n", to_json(question, run));
  else print(run, options.stream);
  ledger.close();
  if (recorder && recorder->failure()) throw *recorder->failure();
  if (interrupt.happened()) return 130;
  return run.outcome.answer ? 0 : 1;
}

}  // namespace

Command solve_command() {
  auto o = std::make_shared<Options>();  // owned by both functions
  return {.name = "solve",
          .summary = "Answer a question, spending compute where it helps, with a receipt.",
          .example = "reckon solve \"What is 17 * 23?\" --strategy adaptive:m=2,cap=16 --budget tokens=4000",
          .declare =
              [o](Flags& flags) {
                flags.positional("QUESTION", o->question, "The question; - reads it from standard input.");
                flags.option("--strategy", o->strategy,
                             "NAME[:KEY=VALUE,...]; adaptive, or verified with a check (docs/strategies.md).");
                o->policy.declare_price(flags);
                o->policy.declare_calibration(flags);
                flags.option("--task", o->task,
                             "Kind of answer: math, choice, text, json, code; else what the check is for.");
                o->check.declare(flags);
                flags.option("--choice", o->choices, "An option of a choice question; give one for each.");
                flags.flag("--stream", o->stream, "Show the text of the lead branch as it grows.");
                flags.option("--record", o->record, "Append question and samples to this recording (.jsonl).");
                flags.flag("--json", o->json, "Print one JSON object.");
                o->model.declare(flags);
                o->run.declare(flags);
              },
          .run = [o] { return solve(*o); }};
}

}  // namespace reckon
