#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <reckon/strategy.h>

namespace reckon {

// How good a finished sample is, by something that does not know the right answer. Runs at the end of the sample's own
// task, so samples are scored side by side and a cancelled sample's scoring is cancelled with it.
class Scorer {
 public:
  virtual ~Scorer() = default;
  // Throws Error when no sample of this run could be scored: nothing to check, or a model that cannot.
  virtual void require(const Question& question, const Context& context) const = 0;
  // In 0..1, 0 is refused; nothing where it cannot tell. `sample` has an answer and `branch` stands at its end; both
  // outlive the task. Throws Error{budget_exhausted} when the budget has no room for it.
  virtual Task<std::optional<double>> score(const Question& question, Context& context, const Sample& sample,
                                            const Branch& branch) const = 0;
  // Whether every score is right: 1 or 0 by a check, not a model's opinion.
  virtual bool exact() const { return false; }
};

// "check": 1 where the answer passes question.check, 0 where it does not.
// "p-true": the model's own probability of " yes" to whether its answer is right, on a fork of the finished branch
//   (Kadavath et al. 2022).
// "judge": the model reads question and answer afresh and chooses between A and B; asked in both orders, and the mean
// of
//   the two log-odds taken, so that a preference for a letter cancels.
// The tokens of the last two are charged as Role::verifier. Throws Error{invalid_request} for another name.
std::unique_ptr<Scorer> make_scorer(std::string_view name);

// Whether the strategy with this full text (Strategy::text) tests answers with question.check.
bool takes_check(std::string_view strategy);

}  // namespace reckon
