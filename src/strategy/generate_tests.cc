#include "strategy/generate_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/rng.h"
#include "strategy/instruction.h"
#include "strategy/scored.h"
#include "strategy/thinking.h"
#include "verify/code_agreement.h"
#include "verify/written_tests.h"

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr uint64_t kTestSeeds = uint64_t{1} << 32;  // of the run's seeds, those of test writers: far from any sample's

// The question whether a program holds this test. Of the tests that the answer is judged by only the head of the
// program is taken, which the asker shows the model too.
Question with_test(const Question& question, std::string test) {
  CodeTests tests = question.code.value_or(CodeTests{});
  tests.tests = std::move(test);
  tests.examples.clear();
  tests.command.clear();
  return {.id = question.id, .task = TaskKind::code, .check = Check{.tests = std::move(tests)}};
}

std::string test_prompt(const Question& question) {
  return fmt::format(
      "Here is a task for a programmer:\n\n{}Do not solve it. Write {} tests for the function that it asks for: lines "
      "of the form\n\nassert name(arguments) == value\n\nwith the function's own name, each whole on one line, with "
      "different arguments and values that you worked out from the task. Answer with these lines only, in one "
      "```python block.",
      asked_text(question), kTestsOfReply);
}

Task<Sample> write(std::unique_ptr<Branch> branch, uint64_t seed, Context& context) {
  Sampling how = context.sampling;
  how.seed = seed;
  co_return co_await generate_sample(*branch, how, context, {});
}

// The different asserts of `replies` replies, in the order in which those end. Their tokens are the verifier's.
Task<std::vector<std::string>> write_tests(const Question& question, Context& context, int replies) {
  std::unique_ptr<Branch> trunk =
      co_await context.model.open({.messages = {{"user", test_prompt(question)}}}, context.account, Role::verifier);
  Stream<Sample> writers;
  for (int i = 0; i < replies; ++i)
    writers.add(
        write(trunk->fork(Role::verifier), derive(context.seed, kTestSeeds + static_cast<uint64_t>(i)), context));
  std::vector<std::string> tests;
  while (std::optional<Sample> reply = co_await writers.next())
    for (std::string& test : written_tests(reply->text, reply->cut()))
      if (std::ranges::find(tests, test) == tests.end()) tests.push_back(std::move(test));
  co_return tests;
}

// Scores programs by their agreement about tests: the share of the largest score that this number of programs and tests
// could have. All programs are scored, or none where time runs out.
class Agreement : public Scorer {
 public:
  Agreement(const Question& question, std::vector<std::string> tests) {
    for (std::string& test : tests) tests_.push_back(with_test(question, std::move(test)));
  }
  void require(const Question& question, const Context& context) const override {
    GenerateTests::require(question, context.verifier);
  }
  bool opinion() const override { return false; }

  Task<void> compare(const Question&, Context& context, std::vector<Sample>& samples) const override {
    std::vector<Sample*> programs;
    OutcomeRows rows;
    std::map<std::string, std::string> known;  // equal programs are run once
    for (Sample& sample : samples) {
      if (!sample.answer) continue;
      std::string& row = known[sample.answer->canonical];
      if (row.empty()) row = co_await outcomes(context, *sample.answer);
      if (row.empty()) co_return;
      programs.push_back(&sample);
      rows.push_back(row);
    }
    const std::vector<AgreementScore> scores = agreement_scores(rows);
    const double most = std::sqrt(programs.size()) * static_cast<double>(tests_.size());
    for (size_t i = 0; i < programs.size(); ++i) programs[i]->score = scores[i].score / most;
  }

 private:
  // A letter for each test, as in OutcomeRows; nothing when time runs out. A program that is stopped for its time once
  // is not run again.
  Task<std::string> outcomes(Context& context, Answer program) const {
    std::string row;
    for (const Question& test : tests_) {
      if (context.account->out_of_time()) co_return "";
      if (row.ends_with('t')) {
        row += 't';
        continue;
      }
      // The pool owns copies: it may still be running the program when nobody waits any more.
      const Verdict verdict =
          co_await on_pool([&verifier = context.verifier, test, program] { return verifier.check(test, program); });
      row += verdict == Verdict::equal       ? '1'
             : verdict == Verdict::different ? '0'
             : verdict == Verdict::timeout   ? 't'
                                             : 'e';
    }
    co_return row;
  }

  std::vector<Question> tests_;
};

}  // namespace

void GenerateTests::require(const Question& question, const Verifier& verifier) {
  if (question.task != TaskKind::code)
    throw Error(Code::invalid_request,
                fmt::format("generate-tests answers questions of the kind code, not {}; where a Python function is "
                            "asked for, say so with --task code",
                            name(question.task)));
  if (question.code && question.code->language != "python")
    throw Error(Code::invalid_request,
                fmt::format("generate-tests runs tests in Python, and this question asks for {}; use --strategy "
                            "verified with tests of your own",
                            question.code->language));
  if (std::string why = verifier.cannot_check(with_test(question, "assert True")); !why.empty())
    throw Error(Code::invalid_request, "generated tests cannot be run: " + why);
}

Task<Outcome> GenerateTests::solve(const Question& question, Context& context) const {
  require(question, context.verifier);
  std::vector<std::string> tests = co_await write_tests(question, context, options_.tests);
  if (tests.empty()) {
    const Halt halted = context.account->halted();
    if (halted == Halt::none) context.account->note("the model wrote no test that can be run, so no program was drawn");
    co_return Outcome{.stop_reason = halted == Halt::none ? "abstain" : std::string(name(halted))};
  }
  const Agreement agreement(question, std::move(tests));
  Outcome outcome;
  try {
    outcome =
        co_await draw_scored(question, context, agreement, {.samples = options_.samples, .wave = options_.samples});
  } catch (const Error& error) {  // what the tests took still gets its receipt
    if (error.code() != Code::budget_exhausted) throw;
    outcome.stop_reason = name(context.account->halted());
  }
  if (outcome.stop_reason == "abstain" && context.account->out_of_time())
    outcome.stop_reason = name(context.account->halted());
  co_return outcome;
}

}  // namespace reckon
