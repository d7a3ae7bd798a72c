// Nanoseconds of one vote update and one decision per rule, over random states. Usage: reckon_policy_bench
#include <fmt/format.h>
#include <sys/resource.h>

#include "base/rng.h"
#include "policy/policies.h"
#include "policy/votes.h"

namespace reckon {
namespace {

double cpu_seconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
}

void bench() {
  constexpr int kStates = 4096, kRounds = 2000;
  std::vector<VoteState> states;
  std::vector<int> ids;
  Rng rng(1);
  Tally tally;
  for (int i = 0; i < kStates; ++i) {
    if (i % 64 == 0) tally.clear();
    ids.push_back(static_cast<int>(rng.below(6)));
    tally.add(ids.back(), 1000);
    states.push_back(tally.state());
  }
  double checksum = 0, start = cpu_seconds();
  for (int r = 0; r < kRounds; ++r)
    for (int i = 0; i < kStates; ++i) {
      if (i % 64 == 0) tally.clear();
      tally.add(ids[i], 1000);
    }
  fmt::print("{:<44} {:6.1f} ns\n", "vote update", 1e9 * (cpu_seconds() - start) / kStates / kRounds);
  for (const char* text :
       {"fixed:n=64", "lead:m=2,cap=64", "voc:lambda=0.01,cap=64", "voc:lambda=0.01,relative=true,cap=64",
        "asc:threshold=0.95,cap=64", "esc:w=5,cap=64", "evalue:delta=0.05,cap=64"}) {
    auto policy = parse_policy(text);
    checksum += policy->decide(states[0]).value;  // builds the tables
    start = cpu_seconds();
    for (int r = 0; r < kRounds; ++r)
      for (const VoteState& state : states) checksum += policy->decide(state).value;
    fmt::print("{:<44} {:6.1f} ns\n", text, 1e9 * (cpu_seconds() - start) / kStates / kRounds);
  }
  fmt::print("checksum {:.6g}, last lead {}\n", checksum, tally.state().v1);
}

}  // namespace
}  // namespace reckon

int main() { reckon::bench(); }
