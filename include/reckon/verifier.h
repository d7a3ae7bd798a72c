#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <reckon/question.h>

namespace reckon {

// Whether a candidate answer means the same as the reference. Undecided is an honest "cannot tell", never a guess.
enum class Verdict { equal, different, undecided, error, timeout };
std::string_view name(Verdict verdict);

// From a sample's text to an answer, and from two answers to a verdict. Stateless and safe from any thread; bounded in
// time and memory for any input.
class Verifier {
 public:
  virtual ~Verifier() = default;
  // The answer that the text finally commits to; none where it commits to nothing (a cut text is not guessed at).
  virtual std::optional<Answer> extract(const Question& question, std::string_view text, bool cut) const = 0;
  // Compares with `reference`, a right answer in the form the data set gives it.
  virtual Verdict judge(const Question& question, const Answer& answer, std::string_view reference) const = 0;
  // Whether the answer fulfils question.check: equal or different, and what kept it from telling otherwise. Never looks
  // at the reference. May run a program: call it on the pool.
  virtual Verdict check(const Question&, const Answer&) const { return Verdict::error; }
  // Why check() can tell for no answer to this question, as one sentence; "" when it can.
  virtual std::string cannot_check(const Question&) const { return "no condition can be checked here"; }
};

}  // namespace reckon
