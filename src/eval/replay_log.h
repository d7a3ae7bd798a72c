#pragma once
#include <optional>
#include <string>

#include <reckon/policy.h>

#include "eval/recordings.h"

namespace reckon {

// What a policy decides on the samples of a recorded run, taken in the order in which they ended. The same recording
// and the same policy give the same decision as the live run, to the last bit.
struct Redecided {
  int draws = 0;            // that had ended when the policy stopped
  std::string stop_reason;  // "decided", "cap" or "no_answer"; "" if the policy would have gone on
  std::optional<std::string> answer;
  int votes = 0;
  double confidence = 0;
};
Redecided redecide(const Recording& recording, const Policy& policy);

// The policy inside "adaptive:rule=lead,m=2,cap=16,wave=4". Throws Error{invalid_request} for other strategies.
std::unique_ptr<Policy> recorded_policy(const std::string& strategy);

}  // namespace reckon
