#pragma once
#include <reckon/verifier.h>

namespace reckon {

// The verifier for answers that are values: math, choice and text by comparison, JSON by its canonical text. Code is
// extracted (the last block of code) and never compared as text: that takes tests.
class AnswerVerifier : public Verifier {
 public:
  std::optional<Answer> extract(const Question& question, std::string_view text, bool cut) const override;
  Verdict judge(const Question& question, const Answer& answer, std::string_view reference) const override;
};

}  // namespace reckon
