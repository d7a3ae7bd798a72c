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

TEST(TaskVerifier, ComparesJsonByValue) {
  Everything texts;
  CodeVerifier programs;
  TaskVerifier verifier(texts, programs);
  Question question{.task = TaskKind::json};
  std::string text = "So:\n```json\n{\"b\": 1.0, \"a\": [true]}\n```";
  std::optional<Answer> answer = verifier.extract(question, text, false);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->canonical, "{\"a\":[true],\"b\":1}");
  EXPECT_EQ(text.substr(answer->begin, answer->end - answer->begin), answer->text);
  EXPECT_EQ(verifier.judge(question, *answer, "{\"a\":[true],\"b\":1}"), Verdict::equal);
  EXPECT_EQ(verifier.judge(question, *answer, "{\"a\":[true],\"b\":2}"), Verdict::different);
  EXPECT_EQ(verifier.judge(question, *answer, "not JSON"), Verdict::error);
  EXPECT_FALSE(verifier.extract(question, "no value", false));
  question.task = TaskKind::math;
  EXPECT_EQ(verifier.judge(question, *answer, ""), Verdict::equal);
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
