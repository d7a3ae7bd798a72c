#pragma once
#include <memory>

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
    int m = 2;
    double threshold = 0.95;
    double lambda = 0.02;
    int window = 5;
    int cap = 16;
    int wave = 0;
    bool refill = true;
    static constexpr auto fields() {
      return std::tuple{
          field("rule", &Options::rule, "economy, balanced, quality, or lead, asc, voc, esc, e-value, fixed."),
          field("m", &Options::m, 1, 64, "lead: votes the leader must be ahead."),
          field("threshold", &Options::threshold, 0.5, 1, "asc, e-value: certainty that the majority stays."),
          field("lambda", &Options::lambda, 1e-6, 1, "voc: price of one draw, in flips of the vote."),
          field("window", &Options::window, 1, 64, "esc: answers in a row that must agree."),
          field("cap", &Options::cap, 1, 1024, "Samples at most."),
          field("wave", &Options::wave, 0, 256, "Samples in flight; 0: from the model's batch-cost curve."),
          field("refill", &Options::refill, "Start a new sample as soon as one ends, not in whole waves.")};
    }
  };
  explicit Adaptive(Options options);
  Task<Outcome> solve(const Question& question, Context& context) const override;
  std::string text() const override { return options_text("adaptive", options_); }

 private:
  Options options_;
  std::unique_ptr<Policy> policy_;
};

}  // namespace reckon
