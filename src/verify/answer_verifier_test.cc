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

TEST(AnswerVerifier, FindsAndComparesJsonByItsValue) {
  const AnswerVerifier verifier;
  const Question q = question(TaskKind::json);
  const std::string text = "So:\n```json\n{\"b\": 1.0, \"a\": [true]}\n```";
  const auto answer = verifier.extract(q, text, false);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->canonical, "{\"a\":[true],\"b\":1}");
  EXPECT_EQ(text.substr(answer->begin, answer->end - answer->begin), answer->text);
  EXPECT_EQ(verifier.judge(q, *answer, "{\"a\":[true],\"b\":1}"), Verdict::equal);
  EXPECT_EQ(verifier.judge(q, *answer, "{\"a\":[true],\"b\":2}"), Verdict::different);
  EXPECT_EQ(verifier.judge(q, *answer, "not JSON"), Verdict::error);
  EXPECT_FALSE(verifier.extract(q, "no value", false));
}

TEST(AnswerVerifier, TakesTheLastBoxThatCloses) {
  const AnswerVerifier verifier;
  const auto found = [&](std::string_view text) {
    const auto answer = verifier.extract(question(TaskKind::math), text, false);
    return answer ? answer->text : "none";
  };
  EXPECT_EQ(found("\\boxed{1}, no, \\boxed {\\frac{1}{2}} and \\boxed{3"), "\\frac{1}{2}");
  EXPECT_EQ(found("} \\boxed{\\{1, 2\\}} {"), "\\{1, 2\\}");
  EXPECT_EQ(found("\\boxed{\\boxed{5}}"), "5");
  EXPECT_EQ(found("\\\\boxed{6\\\\}"), "6\\\\");
  EXPECT_EQ(found("\\fbox{7} or \\boxed 8."), "8");
  EXPECT_EQ(found("#### 9\nso \\boxed{10"), "9");
}

struct Output {
  TaskKind task;
  const char* text;
  bool cut;
  std::vector<std::string> choices;
  const char* answer;  // nullptr: none
};

TEST(AnswerVerifier, FindsTheAnswersOfOutputsInManyCostumes) {
  const std::vector<std::string> kOptions = {"3 km", "4 km", "5 km", "6 km"},
                                 kColours = {"red", "green", "blue", "yellow"};
  const Output outputs[] = {
#include "verify/extraction_cases.inc"
  };
  for (const auto& [task, text, cut, choices, expected] : outputs) {
    const auto answer = AnswerVerifier().extract(question(task, choices), text, cut);
    ASSERT_EQ(answer.has_value(), expected != nullptr) << text << " | " << (answer ? answer->text : "none");
    if (answer) EXPECT_EQ(task == TaskKind::choice ? answer->canonical : answer->text, expected) << text;
  }
}

// Each of these would take minutes if it were looked at again behind every mark.
TEST(AnswerVerifier, TakesTimeInProportionToAHostileText) {
  const AnswerVerifier verifier;
  const auto repeated = [](std::string_view piece) {
    std::string text;
    while (text.size() < (1u << 16)) text += piece;
    return text;
  };
  for (const char* piece :
       {"\\boxed{", "\\boxed {{", "\\fbox{}",  "####",        "#### ",       "#### 2. ", "#### x ",   "answer ",
        "answer* ", "answer to ", "answer \n", "\"answer\" ", "\"answer\":", "<answer>", "</answer>", "**",
        "$ ",       "\\(",        "{",         "[",           "{\"a",        "```",      "```\n",     ". ",
        "A:\n",     "B or ",      "option ",   "<think>",     "</think>",    "\\",       " ",         "\n",
        "1",        "1 ",         "one ",      "= ",          ">>",          "~~~\n",    " ```\n",    "[PYTHON]"})
    for (const TaskKind task : {TaskKind::math, TaskKind::choice, TaskKind::text, TaskKind::json, TaskKind::code})
      for (const bool cut : {false, true}) {
        const std::string text = repeated(piece) + (cut ? "" : ".") + std::string(1 << 16, ' ');
        const auto answer = verifier.extract(question(task, {"red", "green"}), text, cut);
        if (answer) EXPECT_LE(answer->end, text.size());
      }
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
