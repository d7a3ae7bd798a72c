#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace reckon {

// The vote so far, as far as stopping rules look at it. Kept in O(1) per sample by Votes (policy/votes.h).
struct VoteState {
  int n = 0;             // draws ended and counted: answered or missing
  int missing = 0;       // draws that gave no answer
  int v1 = 0;            // votes of the leader
  int v2 = 0;            // votes of the runner-up; 0 if none
  int distinct = 0;      // different answers seen
  int run = 0;           // how many of the last draws gave one and the same answer; 0 after a missing one
  double spent = 0;      // tokens of the ended draws
  double mean_draw = 0;  // mean tokens per draw of the stream of questions; 0: unknown
  int rest() const { return n - v1 - v2; }
};

struct Decision {
  enum class Kind { more, stop } kind = Kind::more;
  double value = 0;       // what the rule compared: a lead, a value of computation, a stability
  double confidence = 0;  // stability of the vote (beta_stay), never the probability of being right
};

// Decides after every draw whether the next one is worth its price. Pure: the same state gives the same decision, live
// and in replay. Its text form can be parsed again: "lead:m=2,cap=16".
class Policy {
 public:
  virtual ~Policy() = default;
  virtual Decision decide(const VoteState& state) const = 0;
  virtual int cap() const = 0;
  virtual std::string text() const = 0;
};

// Throws Error{invalid_request} that names the bad part and what is nearest to it. docs/policy.md lists the names.
std::unique_ptr<Policy> parse_policy(std::string_view text);

}  // namespace reckon
