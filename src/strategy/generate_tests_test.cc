#include "strategy/generate_tests.h"

#include <gmock/gmock.h>

#include <cmath>
#include <deque>

#include "strategy/strategy_fixture.h"

#include <reckon/error.h>

namespace reckon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Programs are single words; "assert holds(add, sub)" holds for the programs that it names, and "loop" never ends.
class Words : public Verbatim {
 public:
  Verdict check(const Question& question, const Answer& answer) const override {
    if (++runs == halt_at) account->halt(Halt::seconds);
    tests.push_back(*question.check->tests);
    if (answer.canonical == "loop") return Verdict::timeout;
    return tests.back().tests.find(answer.canonical) != std::string::npos ? Verdict::equal : Verdict::different;
  }
  std::string cannot_check(const Question&) const override { return unavailable; }
  mutable std::vector<CodeTests> tests;  // that were run, in order
  mutable int runs = 0;
  int halt_at = 0;  // time is up at this run
  std::shared_ptr<Account> account;
  std::string unavailable;
};

class GenerateTestsTest : public testing::Test {
 protected:
  // Says its programs and its tests in turn; each takes a second.
  class Programmer : public SimulatedModel {
   public:
    Reply reply(const std::string& text, uint64_t) override {
      std::deque<std::string>& list = text.find("Do not solve it") != std::string::npos ? tests : programs;
      if (list.empty()) throw Error(Code::internal, "nothing is left to say");
      std::string said = std::move(list.front());
      list.pop_front();
      return {.text = said, .time = 1s};
    }
    std::deque<std::string> programs, tests;
  };

  reckon::Run solve(const std::string& strategy, RunOptions options = {}) {
    options.on_start = [this](const std::shared_ptr<Account>& account) { verifier_.account = account; };
    return sim_.run(run(question_, *make_strategy(strategy), model_, verifier_, std::move(options)));
  }
  std::string refusal() {
    try {
      (void)solve("generate-tests");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_request);
      EXPECT_EQ(model_.computed, 0);
      return error.what();
    }
    return "";
  }

  Sim sim_;
  Programmer model_;
  Words verifier_;
  Question question_{.id = "q", .task = TaskKind::code, .messages = {{"user", "Write add."}}};
};

TEST_F(GenerateTestsTest, ManyProgramsThatAgreeBeatOneThatHoldsMoreTests) {
  model_.tests = {"assert holds(add, sub)\nassert holds(add)", "assert holds(sub)\nassert holds(sub, mul)"};
  model_.programs = {"sub", "add", "mul", "add", "add"};  // sqrt(3) * 2 against 1 * 3
  reckon::Run r = solve("generate-tests:samples=5,tests=2");
  EXPECT_EQ(r.outcome.answer->canonical, "add");
  EXPECT_EQ(r.outcome.votes, 3);
  EXPECT_EQ(r.outcome.stop_reason, "cap");
  EXPECT_DOUBLE_EQ(r.outcome.samples[0].score.value(), 3 / (std::sqrt(5) * 4));
  EXPECT_DOUBLE_EQ(r.outcome.samples[1].score.value(), std::sqrt(3) * 2 / (std::sqrt(5) * 4));
  EXPECT_THAT(r.receipt.notes, IsEmpty());
}

TEST_F(GenerateTestsTest, AbstainsWhenNoProgramHoldsATest) {
  model_.tests = {"assert holds(nothing)"};
  model_.programs = {"add", "add"};
  reckon::Run r = solve("generate-tests:samples=2,tests=1");
  EXPECT_FALSE(r.outcome.answer);
  EXPECT_EQ(r.outcome.stop_reason, "abstain");
  EXPECT_EQ(r.receipt.usage.selected, 0);
}

TEST_F(GenerateTestsTest, WithoutATestNoProgramIsDrawn) {
  model_.tests = {"I cannot.", "assert holds("};
  reckon::Run r = solve("generate-tests:tests=2");
  EXPECT_EQ(r.outcome.stop_reason, "abstain");
  EXPECT_EQ(r.receipt.samples, 0);
  EXPECT_THAT(r.receipt.notes, ElementsAre(HasSubstr("no test")));
}

TEST_F(GenerateTestsTest, WritingTestsIsChargedAsVerifier) {
  model_.tests = {"assert holds(add)", "assert holds(add) # again"};
  model_.programs = {"add"};
  reckon::Run r = solve("generate-tests:samples=1,tests=2");
  EXPECT_EQ(r.receipt.usage.prompt, 2);
  EXPECT_EQ(r.receipt.usage.selected, 1);
  EXPECT_EQ(r.receipt.usage.discarded, 0);
  EXPECT_GT(r.receipt.usage.verifier, 6);  // what was written, and the prompt for it once
  EXPECT_EQ(r.receipt.usage.computed(), model_.computed);
  EXPECT_EQ(r.receipt.samples, 1);
}

TEST_F(GenerateTestsTest, ATokenBudgetIsNeverExceededWhereverItEnds) {
  int answered = 0, refused = 0;
  for (int64_t tokens = 40; tokens < 110; ++tokens) {
    model_.tests = {"assert holds(add)", "assert holds(add, sub) # two"};
    model_.programs = {"a long way to add", "a longer way still to sub", "add"};
    const int64_t before = model_.computed;
    try {
      reckon::Run r = solve("generate-tests:samples=3,tests=2", {.budget = {.tokens = tokens}});
      EXPECT_LE(r.receipt.usage.computed(), tokens);
      EXPECT_EQ(r.receipt.usage.computed(), model_.computed - before);
      if (r.outcome.answer) ++answered;
      else EXPECT_EQ(r.outcome.stop_reason, "budget:tokens") << tokens;
    } catch (const Error& error) {  // it does not even pay for asking for tests
      EXPECT_EQ(error.code(), Code::budget_exhausted);
      EXPECT_EQ(model_.computed, before);
      ++refused;
    }
    EXPECT_EQ(model_.live, 0);
  }
  EXPECT_GT(answered, 20);
  EXPECT_LT(refused, 40);
}

TEST_F(GenerateTestsTest, EqualProgramsAreRunOnceAndOneThatNeverEndsIsNotRunAgain) {
  model_.tests = {"assert holds(add)\nassert holds(add, sub)\nassert holds(loop)"};
  model_.programs = {"add", "loop", "add", "sub", "loop"};
  reckon::Run r = solve("generate-tests:samples=5,tests=1");
  EXPECT_EQ(r.outcome.answer->canonical, "add");
  EXPECT_EQ(verifier_.tests.size(), 3u + 1u + 3u);
  EXPECT_EQ(r.outcome.samples[1].score, 0);
}

TEST_F(GenerateTestsTest, WhenTimeIsUpBetweenTwoTestsThereIsNoAnswer) {
  model_.tests = {"assert holds(add)\nassert holds(add, sub)"};
  model_.programs = {"add", "sub"};
  verifier_.halt_at = 3;
  reckon::Run r = solve("generate-tests:samples=2,tests=1");
  EXPECT_FALSE(r.outcome.answer);
  EXPECT_EQ(r.outcome.stop_reason, "deadline");
  EXPECT_EQ(verifier_.runs, 3);
  EXPECT_FALSE(r.outcome.samples[0].score);
}

TEST_F(GenerateTestsTest, TheTestsThatJudgeTheAnswerAreNeverRun) {
  question_.code = CodeTests{.entry_point = "f",
                             .setup = "import math\n",
                             .signature = "def f(x):\n",
                             .tests = "assert secret(add)",
                             .examples = {{"1", "2"}},
                             .command = "false"};
  model_.tests = {"assert holds(add)"};
  model_.programs = {"add"};
  EXPECT_TRUE(solve("generate-tests:samples=1,tests=1").outcome.answer);
  ASSERT_EQ(verifier_.tests.size(), 1u);
  const CodeTests& ran = verifier_.tests[0];
  EXPECT_EQ(ran.tests, "assert holds(add)");
  EXPECT_EQ(ran.setup + ran.signature + ran.entry_point, "import math\ndef f(x):\nf");
  EXPECT_TRUE(ran.examples.empty() && ran.command.empty());
}

TEST_F(GenerateTestsTest, RefusesWhatItCannotRunBeforeItComputesAnything) {
  verifier_.unavailable = "bwrap is missing";
  EXPECT_THAT(refusal(), HasSubstr("bwrap is missing"));
  question_.code = CodeTests{.language = "c++"};
  EXPECT_THAT(refusal(), HasSubstr("asks for c++"));
  question_.task = TaskKind::math;
  EXPECT_THAT(refusal(), HasSubstr("kind code, not math"));
}

}  // namespace
}  // namespace reckon
