#pragma once
#include "eval/boinf.h"

namespace reckon {

// How recorded answers are compared: as mathematics (docs/verification.md), or letter by letter. `name` is "math" or
// "exact"; throws Error{invalid_request} otherwise.
AnswerRules answer_rules(const std::string& name);

}  // namespace reckon
