#include "eval/replay_log.h"

#include <fmt/format.h>

#include <reckon/error.h>
#include <reckon/options.h>

#include "policy/formulas.h"
#include "policy/votes.h"

namespace reckon {

Redecided redecide(const Recording& recording, const Policy& policy) {
  Votes votes;
  Redecided result;
  for (const RecordedSample& sample : recording.samples) {
    if (sample.finish == Finish::budget) break;  // stopped by a ceiling half-way: not a draw
    votes.add(sample.answer.value_or(""), sample.tokens);
    const VoteState& state = votes.state();
    bool settled = state.v1 - state.v2 > policy.cap() - state.n;  // what may still come cannot change the winner
    if (state.n >= policy.cap()) result.stop_reason = "cap";
    else if (settled || policy.decide(state).kind == Decision::Kind::stop) result.stop_reason = "decided";
    if (!result.stop_reason.empty()) break;
  }
  const VoteState& state = votes.state();
  result.draws = state.n;
  result.answer = votes.vote();
  result.votes = result.answer ? votes.count(*result.answer) : 0;
  result.confidence = beta_stay(state.v1, state.v2);
  if (!result.answer && !result.stop_reason.empty()) result.stop_reason = "no_answer";
  return result;
}

std::unique_ptr<Policy> recorded_policy(const std::string& strategy) {
  Spec spec = parse_spec(strategy);
  if (spec.name != "adaptive" || !spec.values.contains("rule"))
    throw Error(Code::invalid_request,
                fmt::format("{} was not stopped by a policy, so there is nothing to decide again", strategy));
  std::string text = spec.values["rule"];
  for (const char* own : {"rule", "wave", "latency", "refill"}) spec.values.erase(own);
  for (const auto& [key, value] : spec.values)
    text += fmt::format("{}{}={}", &key == &spec.values.begin()->first ? ":" : ",", key, value);
  return parse_policy(text);
}

}  // namespace reckon
