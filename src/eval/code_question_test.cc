#include <gtest/gtest.h>

#include "eval/formats.h"
#include "verify/code_verifier.h"

namespace reckon {
namespace {

// A few questions of the published sets, each unusual in its way: a helper in the prompt, random inputs, lost imports,
// a function named like a built-in, a solution named check, a match object as the value.
std::vector<Question> questions() {
  std::vector<Question> all;
  for (const char* file : {"/code/humaneval.jsonl", "/code/mbpp.jsonl"})
    for (Question& question : read_questions(std::string(RECKON_TEST_DATA) + file).questions)
      all.push_back(std::move(question));
  return all;
}

class CodeQuestions : public testing::Test {
 protected:
  void SetUp() override {
    if (!verifier_.unavailable().empty()) GTEST_SKIP() << "no program was run: " << verifier_.unavailable();
  }
  CodeVerifier verifier_;
};

TEST_F(CodeQuestions, TheirOwnSolutionsPass) {
  for (const Question& question : questions()) {
    CodeResult result = verifier_.check(*question.code, *question.reference);
    EXPECT_EQ(result.verdict, CodeVerdict::pass) << question.id << ": " << result.reason;
  }
}

TEST_F(CodeQuestions, SolutionsThatReturnNothingDoNot) {
  for (const Question& question : questions()) {
    std::string program = *question.reference + "\n\ndef " + question.code->entry_point + "(*args): return None\n";
    if (question.id == "MbppEval/56") program += "def check(n): return None\n";
    EXPECT_NE(verifier_.check(*question.code, program).verdict, CodeVerdict::pass) << question.id;
  }
}

}  // namespace
}  // namespace reckon
