#pragma once
#include <reckon/policy.h>
#include <reckon/strategy.h>

namespace reckon {

class Votes;

struct VotePlan {
  int wave = 1;              // samples in flight at most
  bool refill = true;        // start the next sample as soon as one ends; otherwise when the whole wave has ended
  bool stop_decided = true;  // stop when the samples that may still come cannot change the winner
  int least = 1;             // samples that end before it may stop, however clear the vote is
};

// The loop that every voting strategy shares (docs/policy.md): one prefill, forks in waves, one decision after
// each sample that ends; at a stop the rest is cancelled and charged. Samples without an answer count as draws and
// never vote.
Task<Outcome> vote(const Question& question, Context& context, const Policy& policy, VotePlan plan);

// Tells whoever watches how the vote stands.
void report(const Context& context, const Votes& votes, int live, int cap);

}  // namespace reckon
