#pragma once
#include <string>
#include <vector>

#include "eval/recordings.h"

#include <reckon/verifier.h>

namespace reckon {

// Feeds a recorded run through the strategy that made it, live code and all, on a virtual clock, and compares every
// decision: which samples were started and cancelled, after which one it stopped and why, answer, votes and confidence
// to the last bit, tokens charged. Returns one sentence for each difference; none: the same.
// Throws Error{invalid_request} for what cannot be run again: imported samples, and runs that a ceiling, a deadline or
// the user ended, which the samples alone do not tell.
std::vector<std::string> rerun(const Recording& recording, const Verifier& verifier);

}  // namespace reckon
