#pragma once
#include <string>
#include <vector>

#include "eval/pool.h"
#include "eval/recordings.h"

namespace reckon {

// One recording per question, data set and model: samples of the same question are put together, those that are there
// twice (same seed, same content) counted once. Throws Error{invalid_request} with one sentence where the recordings
// contradict each other: one id for two questions, one model name for two models or two ways of sampling, one seed for
// two samples.
std::vector<Recording> merged(std::vector<Recording> recordings);

// What a sample costs. Most public collections do not say how many tokens were generated; the other two are stand-ins
// that the user must ask for, and the pool's name tells of them.
enum class CostOf {
  tokens,   // as recorded
  text,     // a token for every four bytes of text
  samples,  // every sample costs 1
};
CostOf parse_cost_of(std::string_view name);  // throws Error{invalid_request}

// What replay needs, one pool for each data set and model. Throws Error{invalid_request} with one sentence where no
// honest number could come of it: also for samples of runs that were stopped early, which are no exchangeable draws,
// and for samples nobody judged.
std::vector<Pool> to_pools(std::vector<Recording> recordings, CostOf cost);

}  // namespace reckon
