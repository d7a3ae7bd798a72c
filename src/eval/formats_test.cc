#include "eval/formats.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include <reckon/error.h>

namespace reckon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

QuestionFile parse(const std::string& text, const std::string& format = "auto") {
  return parse_questions(text, format, "q-");
}
std::string asked(const Question& question) { return question.messages.back().content; }

TEST(Formats, Gsm8kTakesTheNumberAfterTheMarks) {
  QuestionFile file = parse(R"({"question": "How many?", "answer": "It is <<1+1=2>>2.\n#### 1,234"})");
  EXPECT_EQ(file.format, "gsm8k");
  ASSERT_EQ(file.questions.size(), 1u);
  const Question& question = file.questions[0];
  EXPECT_EQ(question.task, TaskKind::math);
  EXPECT_EQ(question.id, "q-1");
  EXPECT_EQ(question.reference, "1234");
  EXPECT_THAT(asked(question), HasSubstr("How many?\n\nReason step by step"));
}

TEST(Formats, MathKeepsLatexAndWritesNumbersPlainly) {
  QuestionFile file = parse(R"({"problem": "p", "answer": "\\frac{1}{2}", "unique_id": "test/1.json"})");
  EXPECT_EQ(file.format, "math500");
  EXPECT_EQ(file.questions[0].id, "test/1.json");
  EXPECT_EQ(file.questions[0].reference, "\\frac{1}{2}");
  file = parse(R"({"id": 0, "problem": "p", "answer": 27.0})");
  EXPECT_EQ(file.format, "aime");
  EXPECT_EQ(file.questions[0].id, "0");
  EXPECT_EQ(file.questions[0].reference, "27");
}

TEST(Formats, ChoiceQuestionsHaveTheirOptionsAndALetter) {
  QuestionFile file = parse(R"({"question": "q", "options": ["A)one", "B)two"], "rationale": "", "correct": "B"})");
  EXPECT_EQ(file.format, "aqua");
  EXPECT_THAT(file.questions[0].choices, ElementsAre("one", "two"));
  EXPECT_EQ(file.questions[0].reference, "B");
  file = parse(R"({"question": "q", "type": "t", "choices": ["x", "y", "z"], "answer": 2})");
  EXPECT_EQ(file.format, "mmlu");
  EXPECT_EQ(file.questions[0].reference, "C");
  EXPECT_THAT(asked(file.questions[0]), HasSubstr("C) z"));
}

TEST(Formats, BbhFollowsTheKindOfTheTarget) {
  QuestionFile file = parse(R"json({"canary": "c", "examples": [
    {"input": "Which?\nOptions:\n(A) one\n(B) two", "target": "(B)"},
    {"input": "((1 + 1)) =", "target": "-2"}, {"input": "Sort: b a", "target": "a b"}, {"input": "x"}]
})json");
  EXPECT_EQ(file.format, "bbh");
  ASSERT_EQ(file.questions.size(), 3u);
  EXPECT_EQ(file.questions[0].task, TaskKind::choice);
  EXPECT_THAT(file.questions[0].choices, ElementsAre("one", "two"));
  EXPECT_EQ(file.questions[0].reference, "B");
  EXPECT_EQ(file.questions[1].task, TaskKind::math);
  EXPECT_EQ(file.questions[2].task, TaskKind::text);
  ASSERT_EQ(file.errors.size(), 1u);
  EXPECT_EQ(file.errors[0].line, 4);
}

TEST(Formats, CodeQuestionsCarryTheirTests) {
  QuestionFile file = read_questions(RECKON_TEST_DATA "/code/humaneval.jsonl");
  EXPECT_EQ(file.format, "humaneval");
  ASSERT_EQ(file.questions.size(), 4u);
  const CodeTests& tests = *file.questions[1].code;  // HumanEval/32
  EXPECT_EQ(tests.entry_point, "find_zero");
  EXPECT_THAT(tests.setup, HasSubstr("def poly("));
  EXPECT_TRUE(tests.signature.starts_with("def find_zero(")) << tests.signature;
  EXPECT_THAT(tests.tests, HasSubstr("run_tests(find_zero)"));
  file = read_questions(RECKON_TEST_DATA "/code/mbpp.jsonl", "mbpp");
  EXPECT_EQ(file.questions.size(), 4u);
  EXPECT_TRUE(file.errors.empty());
}

TEST(Formats, OriginalMbppNamesTheFunctionThatItsTestsCall) {
  QuestionFile file = parse(
      R"json({"task_id": 2, "prompt": "Do.", "code": "def helper(x):\n  return x\ndef f(x):\n  return helper(x)", )json"
      R"json("test_imports": ["import math"], "test_list": ["assert f(1) == 1", "assert f(2) == 2"]})json");
  EXPECT_EQ(file.format, "mbpp");
  ASSERT_EQ(file.questions.size(), 1u);
  EXPECT_EQ(file.questions[0].code->entry_point, "f");
  EXPECT_EQ(file.questions[0].code->tests, "import math\nassert f(1) == 1\nassert f(2) == 2\n");
}

TEST(Formats, OurOwnLinesTakeAnyKind) {
  QuestionFile file = parse(
      "{\"id\": \"a\", \"question\": \"q\", \"answer\": 5, \"task\": \"math\"}\n"
      "{\"messages\": [{\"role\": \"user\", \"content\": \"as it is\"}], \"reference\": {\"x\": 1}, \"task\": "
      "\"json\"}\n"
      "{\"question\": \"q\", \"choices\": [\"x\", \"y\"], \"answer\": \"A\"}\n"
      "{\"question\": \"q\", \"task\": \"code\", \"language\": \"c++\", \"examples\": [{\"input\": \"1\", "
      "\"output\": \"2\"}]}\n"
      "{\"question\": \"without an answer\"}\n");
  EXPECT_EQ(file.format, "jsonl");
  ASSERT_EQ(file.questions.size(), 5u) << file.errors[0].message;
  EXPECT_EQ(file.questions[0].reference, "5");
  EXPECT_EQ(asked(file.questions[1]), "as it is");
  EXPECT_EQ(file.questions[1].reference, "{\"x\":1}");
  EXPECT_EQ(file.questions[2].task, TaskKind::choice);
  EXPECT_EQ(file.questions[3].code->examples[0].output, "2");
  EXPECT_EQ(file.questions[4].reference, std::nullopt);
}

TEST(Formats, AQuestionMayCarryACheckOfItsOwn) {
  QuestionFile file = parse(
      "{\"task\": \"math\", \"question\": \"q\", \"check\": {\"condition\": \"x^2 = 4\"}}\n"
      "{\"task\": \"json\", \"question\": \"q\", \"check\": {\"schema\": {\"type\": \"array\"}}}\n"
      "{\"task\": \"code\", \"question\": \"q\", \"tests\": \"assert f(2) == 4\", \"check\": {\"tests\": \"assert "
      "f(1)\"}}\n"
      "{\"task\": \"math\", \"question\": \"q\", \"check\": \"x > 0\"}\n"
      "{\"task\": \"math\", \"question\": \"q\", \"check\": {}}\n"
      "{\"task\": \"math\", \"question\": \"q\", \"check\": {\"condition\": \"x > 0\", \"schema\": \"{}\"}}\n");
  ASSERT_EQ(file.questions.size(), 3u);
  EXPECT_EQ(file.questions[0].check->condition, "x^2 = 4");
  EXPECT_EQ(file.questions[1].check->schema, "{\"type\":\"array\"}");
  EXPECT_EQ(file.questions[2].check->tests->tests, "assert f(1)");
  EXPECT_EQ(file.questions[2].code->tests, "assert f(2) == 4");
  ASSERT_EQ(file.errors.size(), 3u);
  for (const LineError& error : file.errors) EXPECT_THAT(error.message, HasSubstr("one of \"condition\""));
}

TEST(Formats, ABrokenLineIsNamedAndTheOthersAreRead) {
  QuestionFile file = parse(
      "{\"task\": \"math\", \"question\": \"q\", \"id\": \"same\"}\n\nnot json\n{\"task\": \"poem\", \"question\": "
      "\"q\"}\n"
      "[]\n{\"question\": \"q\", \"id\": \"same\"}\n{\"question\": [1]}\n{\"question\": \"good\"}\n");
  EXPECT_EQ(file.questions.size(), 2u);
  std::vector<int> lines;
  for (const LineError& error : file.errors) lines.push_back(error.line);
  EXPECT_THAT(lines, ElementsAre(3, 4, 5, 6, 7));
  EXPECT_THAT(file.errors[1].message, HasSubstr("poem"));
  EXPECT_THAT(file.errors[3].message, HasSubstr("that of line 1"));
}

TEST(Formats, UnknownFormatsAndMissingFilesAreErrors) {
  EXPECT_THROW(parse("", "gsm9k"), Error);
  EXPECT_THROW(parse("{}", "bbh"), Error);
  EXPECT_THROW(read_questions("/nowhere.jsonl"), Error);
  EXPECT_TRUE(parse("").questions.empty());
}

// With RECKON_DATA, a folder of the published data sets: every line of them is a question.
TEST(Formats, PublishedDataSetsAreReadWhole) {
  const char* data = std::getenv("RECKON_DATA");
  if (data == nullptr) GTEST_SKIP() << "RECKON_DATA is not set, so the published files were not read";
  struct Case {
    const char *file, *format;
    size_t count;
  };
  for (Case c : {Case{"gsm8k/test.jsonl", "gsm8k", 1319},
                 {"gsm8k/train.jsonl.zst", "gsm8k", 7473},
                 {"math500/test500.jsonl", "math500", 500},
                 {"aime24/test.jsonl", "aime", 30},
                 {"amc23/test.jsonl", "aime", 40},
                 {"aqua/test.jsonl", "aqua", 254},
                 {"mmlu_stem/test.jsonl.zst", "mmlu", 3018},
                 {"bbh/date_understanding.json", "bbh", 250},
                 {"bbh/word_sorting.json", "bbh", 250},
                 {"humaneval/HumanEval_for_code_generation.jsonl", "humaneval", 164},
                 {"mbpp/mbpp_sanitized_for_code_generation.jsonl", "mbpp", 427}}) {
    QuestionFile file = read_questions(std::string(data) + "/" + c.file);
    EXPECT_EQ(file.format, c.format) << c.file;
    EXPECT_EQ(file.questions.size(), c.count) << c.file;
    for (const LineError& error : file.errors)
      ADD_FAILURE() << c.file << " line " << error.line << ": " << error.message;
  }
}

}  // namespace
}  // namespace reckon
