#pragma once
#include <map>
#include <memory>
#include <string>

#include <reckon/options.h>
#include <reckon/policy.h>
#include <reckon/strategy.h>

namespace reckon {

// A majority vote that a policy stops: by default when the leader is two votes ahead or at sixteen samples (policy
// "balanced"; docs/policy.md has the measurements). Samples are drawn in waves; what is still running at the decision
// is cancelled and charged.
class Adaptive : public Strategy {
 public:
  struct Options {
    std::string rule = "lead";
    int wave = 0;
    double latency = 0.5;
    bool refill = true;
    int least = 1;
    static constexpr auto fields() {
      return std::tuple{
          field("rule", &Options::rule, "A policy or preset; its own options (m, cap, ...) go beside it."),
          field("wave", &Options::wave, 0, 256, "Samples in flight; 0: from the model's batch-cost curve."),
          field("latency", &Options::latency, 0, 1, "0: fewest tokens; 1: shortest wait; sizes the waves."),
          field("refill", &Options::refill, "Start a new sample as soon as one ends, not in whole waves."),
          field("least", &Options::least, 1, 1024, "Samples that end before it may stop, however clear the vote is.")};
    }
  };
  // `values` may hold Adaptive's own options and those of the rule: rule=asc,threshold=0.9,cap=12,wave=4.
  explicit Adaptive(std::map<std::string, std::string> values);
  Task<Outcome> solve(const Question& question, Context& context) const override;
  std::string text() const override;

 private:
  Options options_;
  std::unique_ptr<Policy> policy_;
};

}  // namespace reckon
