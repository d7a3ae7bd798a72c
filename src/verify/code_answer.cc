#include "verify/code_answer.h"

#include "verify/condition.h"
#include "verify/json_schema.h"

#include <reckon/error.h>

namespace reckon {
namespace {

Verdict verdict_for(CodeVerdict verdict) {
  switch (verdict) {
    case CodeVerdict::pass: return Verdict::equal;
    case CodeVerdict::fail:
    case CodeVerdict::error:
    case CodeVerdict::out_of_memory:
    case CodeVerdict::sandbox_refused: return Verdict::different;
    case CodeVerdict::timeout: return Verdict::timeout;
    case CodeVerdict::unavailable: return Verdict::error;
  }
  return Verdict::error;
}

// The check must fit the kind of answer.
std::string mismatch(const Question& question) {
  if (!question.check) return "the question has no condition to check answers with";
  const Check& check = *question.check;
  if (check.tests && question.task != TaskKind::code) return "tests check only answers of the kind code";
  if (!check.schema.empty() && question.task != TaskKind::json)
    return "a JSON Schema checks only answers of the kind json";
  if (!check.condition.empty() && question.task != TaskKind::math)
    return "a condition on a number checks only answers of the kind math";
  return "";
}

}  // namespace

std::optional<Answer> TaskVerifier::extract(const Question& question, std::string_view text, bool cut) const {
  return texts_.extract(question, text, cut);
}

Verdict TaskVerifier::judge(const Question& question, const Answer& answer, std::string_view reference) const {
  if (question.task != TaskKind::code) return texts_.judge(question, answer, reference);
  if (!question.code) return Verdict::error;
  return verdict_for(programs_.check(*question.code, answer.text).verdict);
}

Verdict TaskVerifier::check(const Question& question, const Answer& answer) const {
  if (!mismatch(question).empty()) return Verdict::error;
  const Check& check = *question.check;
  if (check.tests) return verdict_for(programs_.check(*check.tests, answer.text).verdict);
  if (!check.schema.empty()) return JsonSchema(check.schema).problem(answer.text) ? Verdict::different : Verdict::equal;
  return verify::Condition(check.condition).holds(answer.text);
}

std::string TaskVerifier::cannot_check(const Question& question) const {
  if (std::string why = mismatch(question); !why.empty()) return why;
  const Check& check = *question.check;
  try {
    if (check.tests) return programs_.unavailable();
    if (!check.schema.empty()) JsonSchema(check.schema);
    else verify::Condition(check.condition);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace reckon
