#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
                                            const Branch& branch) const;
  // When no more samples come: sets the scores that follow from all samples together. `samples` outlive the task.
  virtual Task<void> compare(const Question& question, Context& context, std::vector<Sample>& samples) const;
  // Whether scores are a model's opinion. They count only where it was measured that they tell right from wrong; others
  // come from running or checking the answer, and what they refuse is never given.
  virtual bool opinion() const { return true; }
};

// The score, or nothing where the budget or the model's context has no room for it; of the latter the receipt tells.
Task<std::optional<double>> if_room(Context& context, Task<std::optional<double>> score);

// "check": 1 where the answer passes question.check, 0 where it does not.
// "p-true": the model's own probability of " yes" to whether its answer is right, on a fork of the finished branch
//   (Kadavath et al. 2022).
// "judge": the model reads question and answer afresh and chooses between A and B; asked in both orders, and the mean
//   of the two log-odds taken, so that a preference for a letter cancels.
// "judge-pairwise": the model reads two answers and chooses the better, for every two different answers, in both
// orders;
//   where the orders disagree it is a tie. An answer's score is the share of its comparisons that it wins, ties half.
// The tokens of the last three are charged as Role::verifier. Throws Error{invalid_request} for another name.
std::unique_ptr<Scorer> make_scorer(std::string_view name);

// Whether the strategy with this full text (Strategy::text) tests answers with question.check.
bool takes_check(std::string_view strategy);

}  // namespace reckon
