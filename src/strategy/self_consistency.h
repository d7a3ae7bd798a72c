#pragma once
#include <reckon/options.h>
#include <reckon/strategy.h>

namespace reckon {

// Samples several answers and returns the most common one (Wang et al., 2022). With early_stop the samples that can no
// longer change the winner are cancelled.
class SelfConsistency : public Strategy {
 public:
  struct Options {
    int samples = 8;
    bool early_stop = true;
    static constexpr auto fields() {
      return std::tuple{field("samples", &Options::samples, 1, 1024, "How many answers to draw."),
                        field("early_stop", &Options::early_stop, "Cancel samples that cannot change the winner.")};
    }
  };
  explicit SelfConsistency(Options options) : options_(options) {}
  Task<Outcome> solve(const Question& question, Context& context) const override;
  std::string text() const override { return options_text("self-consistency", options_); }

 private:
  Options options_;
};

}  // namespace reckon
