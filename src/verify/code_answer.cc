#include "verify/code_answer.h"

#include "verify/json_answer.h"

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

}  // namespace

std::optional<Answer> TaskVerifier::extract(const Question& question, std::string_view text, bool cut) const {
  if (question.task != TaskKind::json) return texts_.extract(question, text, cut);
  std::optional<TextSpan> span = find_json(text, cut);
  if (!span) return std::nullopt;
  std::string value(text.substr(span->begin, span->end - span->begin));
  std::optional<std::string> canonical = canonical_json(value);
  if (!canonical) return std::nullopt;
  return Answer{std::move(value), std::move(*canonical), span->begin, span->end};
}

Verdict TaskVerifier::judge(const Question& question, const Answer& answer, std::string_view reference) const {
  if (question.task == TaskKind::json) {
    std::optional<std::string> right = canonical_json(reference);
    if (!right) return Verdict::error;
    return answer.canonical == *right ? Verdict::equal : Verdict::different;
  }
  if (question.task != TaskKind::code) return texts_.judge(question, answer, reference);
  if (!question.code) return Verdict::error;
  return verdict_for(programs_.check(*question.code, answer.text).verdict);
}

}  // namespace reckon
