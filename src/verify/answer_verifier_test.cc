#include "verify/answer_verifier.h"

#include <gtest/gtest.h>

namespace reckon {
namespace {

Question question(TaskKind task, std::vector<std::string> choices = {}) {
  Question q;
  q.task = task;
  q.choices = std::move(choices);
  return q;
}

TEST(AnswerVerifier, FindsAndJudgesTheAnswerOfAGradeSchoolProblem) {
  const AnswerVerifier verifier;
  const Question q = question(TaskKind::math);
  const std::string text = "She sold 48 / 2 = 24 clips in May.\n#### 1,072";
  const auto answer = verifier.extract(q, text, false);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->text, "1,072");
  EXPECT_EQ(answer->canonical, "1072");
  EXPECT_EQ(text.substr(answer->begin, answer->end - answer->begin), "1,072");
  EXPECT_EQ(verifier.judge(q, *answer, "1072"), Verdict::equal);
  EXPECT_EQ(verifier.judge(q, *answer, "1073"), Verdict::different);
}

TEST(AnswerVerifier, APercentSignIsRightWhereThePercentageIsAskedFor) {
  AnswerVerifier verifier;
  const auto judged = [&](const char* asked, const char* said, const char* reference) {
    Question question{.messages = {{"user", asked}}};
    return verifier.judge(question, *verifier.extract(question, said, false), reference);
  };
  const char* share = "What percentage of their day is spent cleaning?";
  EXPECT_EQ(judged(share, R"(\boxed{50\%})", "50"), Verdict::equal);
  EXPECT_EQ(judged(share, "The answer is 50%.", "50"), Verdict::equal);
  EXPECT_EQ(judged(share, R"(\boxed{50})", "50"), Verdict::equal);
  EXPECT_EQ(judged(share, R"(\boxed{0.5})", "50"), Verdict::different);
  EXPECT_EQ(judged(share, R"(\boxed{50\%})", "0.5"), Verdict::different);
  EXPECT_EQ(judged(share, R"(\boxed{40\%})", "50"), Verdict::different);
  EXPECT_EQ(judged("How many apples are left?", R"(\boxed{50\%})", "50"), Verdict::different);
}

TEST(AnswerVerifier, TakesNoAnswerFromAThoughtThatWasCut) {
  const AnswerVerifier verifier;
  EXPECT_FALSE(verifier.extract(question(TaskKind::math), "<think>so \\boxed{7}? Let me check", true));
  EXPECT_FALSE(verifier.extract(question(TaskKind::math), "We add 3 and 4. That makes 7. Then we", true));
}

TEST(AnswerVerifier, JudgesAChoiceByLetterOrByTheOptionsText) {
  const AnswerVerifier verifier;
  const Question q = question(TaskKind::choice, {"red", "green", "blue"});
  const auto letter = verifier.extract(q, "It must be grass. So the answer is (B).", false);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->canonical, "B");
  const auto text = verifier.extract(q, "The answer is green.", false);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->canonical, "B");
  EXPECT_EQ(verifier.judge(q, *text, "(B)"), Verdict::equal);
  EXPECT_EQ(verifier.judge(q, *text, "green"), Verdict::equal);
  EXPECT_EQ(verifier.judge(q, *text, "C"), Verdict::different);
}

TEST(AnswerVerifier, TakesTheLastFencedBlockAsCode) {
  const AnswerVerifier verifier;
  const auto code = verifier.extract(question(TaskKind::code),
                                     "First:\n```\nx = 1\n```\nBetter:\n```python\nx = 2\n```\nDone.", false);
  ASSERT_TRUE(code);
  EXPECT_EQ(code->text, "x = 2\n");
}

}  // namespace
}  // namespace reckon
