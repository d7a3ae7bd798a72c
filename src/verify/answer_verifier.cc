#include "verify/answer_verifier.h"

#include "verify/choice.h"
#include "verify/equivalence.h"
#include "verify/extract.h"
#include "verify/json_answer.h"
#include "verify/scan.h"
#include "verify/text_form.h"

namespace reckon {
namespace {

// A reference to a choice question is a letter, or the text of one of the options.
std::string choice_reference(const Question& question, std::string_view reference) {
  if (const auto letter = verify::parse_choice(reference)) return std::string(1, *letter);
  if (const auto letter = verify::choice_with_text(reference, question.choices)) return std::string(1, *letter);
  return std::string(reference);
}

// Only the gold can say that an amount is a percentage, but where the question asks for one, references such as GSM8K's
// leave the sign out: 50 and 50% are the same answer to "what percentage ...", and 0.5 is another.
Verdict judge_math(const Question& question, const Answer& answer, std::string_view reference) {
  const Verdict verdict = verify::compare_math(reference, answer.text).verdict;
  if (verdict != Verdict::different || question.messages.empty()) return verdict;
  const bool percentage = verify::lower(question.messages.back().content).find("percent") != std::string::npos;
  if (!percentage || answer.canonical != verify::canonical_math(reference)) return verdict;
  return verify::compare_math(std::string(reference) + "\\%", answer.text).verdict;
}

}  // namespace

std::optional<Answer> AnswerVerifier::extract(const Question& question, std::string_view text, bool cut) const {
  const auto answer = [&](std::string_view piece, std::string canonical) {
    const auto begin = static_cast<size_t>(piece.data() - text.data());
    return Answer{std::string(piece), std::move(canonical), begin, begin + piece.size()};
  };
  switch (question.task) {
    case TaskKind::math:
      if (const auto found = verify::extract_math(text, cut)) return answer(*found, verify::canonical_math(*found));
      return std::nullopt;
    case TaskKind::choice:
      if (const auto found = verify::extract_choice(text, question.choices, cut))
        return answer(found->piece, std::string(1, found->letter));
      return std::nullopt;
    case TaskKind::text:
      if (const auto found = verify::extract_text(text, cut)) return answer(*found, verify::text_form(*found));
      return std::nullopt;
    case TaskKind::code:
      if (auto found = verify::extract_code(text, cut)) {
        Answer program = answer(found->piece, std::string(verify::trim(found->program)));
        program.text = std::move(found->program);
        return program;
      }
      return std::nullopt;
    case TaskKind::json:
      if (const auto span = find_json(text, cut)) {
        const std::string_view value = text.substr(span->begin, span->end - span->begin);
        if (auto key = canonical_json(value)) return answer(value, std::move(*key));
      }
      return std::nullopt;
  }
  return std::nullopt;
}

Verdict AnswerVerifier::judge(const Question& question, const Answer& answer, std::string_view reference) const {
  switch (question.task) {
    case TaskKind::math: return judge_math(question, answer, reference);
    case TaskKind::choice:
      return answer.canonical == choice_reference(question, reference) ? Verdict::equal : Verdict::different;
    case TaskKind::text: return verify::compare_text(reference, answer.text).verdict;
    case TaskKind::json: {
      const std::optional<std::string> right = canonical_json(reference);
      if (!right) return Verdict::error;
      return answer.canonical == *right ? Verdict::equal : Verdict::different;
    }
    case TaskKind::code: return Verdict::undecided;
  }
  return Verdict::undecided;
}

}  // namespace reckon
