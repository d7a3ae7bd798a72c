#pragma once
#include <reckon/options.h>
#include <reckon/strategy.h>

namespace reckon {

// Lets the model write tests as well as programs, runs every program against every test, and returns a program of the
// largest group that agrees with itself and with many tests (CodeT, Chen et al. 2022; verify/code_agreement.h).
// Abstains when no program holds any test. For code questions whose answer is a Python function.
class GenerateTests : public Strategy {
 public:
  struct Options {
    int samples = 8;
    int tests = 4;
    static constexpr auto fields() {
      return std::tuple{
          field("samples", &Options::samples, 1, 1024, "How many programs to draw."),
          field("tests", &Options::tests, 1, 64, "How often to ask for tests; up to five of each reply are run.")};
    }
  };
  explicit GenerateTests(Options options) : options_(options) {}
  // Throws Error{invalid_request} for a question that it cannot answer here: no program is asked for, or none can be
  // run.
  static void require(const Question& question, const Verifier& verifier);
  Task<Outcome> solve(const Question& question, Context& context) const override;
  std::string text() const override { return options_text("generate-tests", options_); }

 private:
  Options options_;
};

}  // namespace reckon
