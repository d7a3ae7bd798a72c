#pragma once
#include "strategy/scored.h"

namespace reckon {

// Draws until an answer passes the question's check (tests, a JSON Schema, a condition), and stops at once, or until
// `accept` of them do. Abstains when nothing passes.
class Verified : public Strategy {
 public:
  struct Options {
    int samples = 16;
    int wave = 0;
    double latency = 0.5;
    int accept = 1;
    static constexpr auto fields() {
      return std::tuple{field("samples", &Options::samples, 1, 1024, "How many answers to draw at most."),
                        field("wave", &Options::wave, 0, 256, "Samples in flight; 0: from the batch-cost curve."),
                        field("latency", &Options::latency, 0, 1, "0: fewest tokens; 1: shortest wait."),
                        field("accept", &Options::accept, 1, 1024, "How many answers must pass before it stops.")};
    }
  };
  explicit Verified(Options options) : options_(options) {}
  Task<Outcome> solve(const Question& question, Context& context) const override;
  std::string text() const override { return options_text("verified", options_); }

 private:
  Options options_;
};

}  // namespace reckon
