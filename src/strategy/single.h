#pragma once
#include <reckon/options.h>
#include <reckon/strategy.h>

namespace reckon {

// One sample: what a plain client would get.
class Single : public Strategy {
 public:
  struct Options {
    bool greedy = false;
    static constexpr auto fields() {
      return std::tuple{field("greedy", &Options::greedy, "Take the most likely token each time.")};
    }
  };
  explicit Single(Options options) : options_(options) {}
  Task<Outcome> solve(const Question& question, Context& context) const override;
  std::string text() const override { return options_text("single", options_); }

 private:
  Options options_;
};

}  // namespace reckon
