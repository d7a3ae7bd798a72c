#pragma once
#include <string>
#include <string_view>

#include <reckon/verifier.h>

namespace reckon::verify {

struct Comparison {
  Verdict verdict = Verdict::undecided;
  std::string reason;  // the rule that decided, in a few words
};

// Whether `candidate` says the same as `gold`, a right answer; docs/verification.md has the rules. Not symmetric where
// only the gold can fix a reading (a percent sign, a label, an equation).
Comparison compare_math(std::string_view gold, std::string_view candidate);
Comparison compare_text(std::string_view gold, std::string_view candidate);
Comparison compare_choice(std::string_view gold, std::string_view candidate);

// The key that votes are counted under: the same value gives the same string on every platform. Units, labels and
// percent signs are left off. A key's key is the key itself: one that is not the value in writing (20 digits of a root)
// begins with "≈".
std::string canonical_math(std::string_view answer);

}  // namespace reckon::verify
