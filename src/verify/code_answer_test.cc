#include "verify/code_answer.h"

#include <gtest/gtest.h>

namespace reckon {
namespace {

// Takes every text as its answer and finds every answer right.
class Everything : public Verifier {
 public:
  std::optional<Answer> extract(const Question&, std::string_view text, bool) const override {
    return Answer{std::string(text), std::string(text), 0, text.size()};
  }
  Verdict judge(const Question&, const Answer&, std::string_view) const override { return Verdict::equal; }
};

TEST(TaskVerifier, LeavesOtherAnswersToTheComparisonOfTexts) {
  Everything texts;
  CodeVerifier programs;
  TaskVerifier verifier(texts, programs);
  for (const TaskKind task : {TaskKind::math, TaskKind::json}) {
    EXPECT_EQ(verifier.extract({.task = task}, "a text", false)->text, "a text");
    EXPECT_EQ(verifier.judge({.task = task}, {.text = "1"}, "2"), Verdict::equal);
  }
}

TEST(TaskVerifier, ChecksWhatTheQuestionDemandsWithoutAReference) {
  Everything texts;
  CodeVerifier programs;
  TaskVerifier verifier(texts, programs);
  Question json{.task = TaskKind::json, .check = Check{.schema = R"({"type": "object", "required": ["name"]})"}};
  EXPECT_EQ(verifier.cannot_check(json), "");
  EXPECT_EQ(verifier.check(json, {.text = R"({"name": "Ada"})"}), Verdict::equal);
  EXPECT_EQ(verifier.check(json, {.text = R"({"nom": "Ada"})"}), Verdict::different);
  Question math{.task = TaskKind::math, .check = Check{.condition = "x^2 = 49 and x > 0"}};
  EXPECT_EQ(verifier.check(math, {.text = "7"}), Verdict::equal);
  EXPECT_EQ(verifier.check(math, {.text = "-7"}), Verdict::different);
  Question code{.task = TaskKind::code, .check = Check{.tests = CodeTests{.tests = "assert f(2) == 4"}}};
  EXPECT_EQ(verifier.cannot_check(code), programs.unavailable());
  Verdict expected = programs.unavailable().empty() ? Verdict::equal : Verdict::error;
  EXPECT_EQ(verifier.check(code, {.text = "def f(x): return x * x"}), expected);
}

TEST(TaskVerifier, SaysWhyItCannotCheck) {
  Everything texts;
  CodeVerifier programs;
  TaskVerifier verifier(texts, programs);
  auto why = [&](Question question) {
    EXPECT_EQ(verifier.check({.task = question.task}, {.text = "1"}), Verdict::error);
    return verifier.cannot_check(question);
  };
  EXPECT_NE(why({.task = TaskKind::math}).find("no condition"), std::string::npos);
  EXPECT_NE(why({.task = TaskKind::math, .check = Check{.schema = "{}"}}).find("kind json"), std::string::npos);
  EXPECT_NE(why({.task = TaskKind::text, .check = Check{.condition = "x = 1"}}).find("kind math"), std::string::npos);
  EXPECT_NE(why({.task = TaskKind::json, .check = Check{.schema = "{"}}).find("JSON Schema"), std::string::npos);
  EXPECT_NE(why({.task = TaskKind::math, .check = Check{.condition = "x"}}).find("not a relation"), std::string::npos);
}

TEST(TaskVerifier, RunsPrograms) {
  Everything texts;
  CodeVerifier programs;
  TaskVerifier verifier(texts, programs);
  Question question{.task = TaskKind::code, .code = CodeTests{.tests = "assert f(2) == 4"}};
  auto judged = [&](const char* program) { return verifier.judge(question, {.text = program}, ""); };
  if (!programs.unavailable().empty()) {
    EXPECT_EQ(judged("def f(x): return x * x"), Verdict::error);
    GTEST_SKIP() << "only the refusal was checked: " << programs.unavailable();
  }
  EXPECT_EQ(judged("def f(x): return x * x"), Verdict::equal);
  EXPECT_EQ(judged("def f(x): return x"), Verdict::different);
  EXPECT_EQ(judged("import os; os._exit(0)"), Verdict::different);
  question.code = std::nullopt;
  EXPECT_EQ(judged("def f(x): return x * x"), Verdict::error);
}

}  // namespace
}  // namespace reckon
