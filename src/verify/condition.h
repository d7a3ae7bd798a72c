#pragma once
#include <memory>
#include <string>
#include <string_view>

#include <reckon/verifier.h>

namespace reckon::verify {

// A demand on one number, as relations with one unknown that must all hold: "x^2 - 5x + 6 = 0", "0 < n and n^3 < 30".
// Relations are = != < > <= >= and chains of them; formulas are read as answers are (docs/verification.md). Not changed
// after construction: safe from any thread, and bounded for any input.
class Condition {
 public:
  // Throws Error{invalid_request} that says what is wrong: no formula, no relation, no unknown or several.
  explicit Condition(std::string_view text);
  ~Condition();
  Condition(Condition&&) noexcept;

  // Puts the answer in the place of the unknown; every member of a set or list. `equal`: all relations hold;
  // `different`: one does not, or the answer is no number; `undecided`: a ceiling was reached.
  Verdict holds(std::string_view answer) const;

 private:
  struct Formula;
  std::unique_ptr<const Formula> formula_;
};

}  // namespace reckon::verify
