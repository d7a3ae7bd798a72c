#pragma once
#include <reckon/verifier.h>

#include "verify/code_verifier.h"

namespace reckon {

// A verifier for every kind of question: programs are run against the question's tests, all other answers go to
// `texts`; checks are decided here. A program that passes is `equal`; one that fails, does not
// run, or is stopped for memory or a forbidden call is `different`; `timeout` and `error` (no sandbox here, or no
// tests) are what they say. Judging a program blocks for as long as the program may run. Safe from any thread; both
// parts must outlive it.
class TaskVerifier : public Verifier {
 public:
  TaskVerifier(const Verifier& texts, CodeVerifier& programs) : texts_(texts), programs_(programs) {}
  std::optional<Answer> extract(const Question& question, std::string_view text, bool cut) const override;
  Verdict judge(const Question& question, const Answer& answer, std::string_view reference) const override;
  Verdict check(const Question& question, const Answer& answer) const override;
  std::string cannot_check(const Question& question) const override;

 private:
  const Verifier& texts_;
  CodeVerifier& programs_;
};

}  // namespace reckon
