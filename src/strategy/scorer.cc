#include "strategy/scorer.h"

#include <fmt/format.h>

#include <cmath>

#include <reckon/error.h>
#include <reckon/options.h>

namespace reckon {
namespace {

double probability(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

void require_branches(std::string_view scorer, const Capabilities& model) {
  if (!model.fork || !model.append)
    throw Error(Code::unsupported,
                fmt::format("the scorer {} needs a model that runs here; {} can only generate", scorer, model.name));
}

class CheckScorer : public Scorer {
 public:
  void require(const Question& question, const Context& context) const override {
    if (std::string why = context.verifier.cannot_check(question); !why.empty())
      throw Error(Code::invalid_request, "answers cannot be checked: " + why);
  }
  Task<std::optional<double>> score(const Question& question, Context& context, const Sample& sample,
                                    const Branch&) const override {
    // The pool owns copies: it may still be checking when nobody waits any more.
    const Verdict verdict = co_await on_pool(
        [&verifier = context.verifier, question, answer = *sample.answer] { return verifier.check(question, answer); });
    if (verdict == Verdict::equal) co_return 1.0;
    if (verdict == Verdict::different || verdict == Verdict::timeout) co_return 0.0;
    co_return std::nullopt;
  }
  bool exact() const override { return true; }
};

class PTrueScorer : public Scorer {
 public:
  void require(const Question&, const Context& context) const override {
    require_branches("p-true", context.model.capabilities());
  }
  Task<std::optional<double>> score(const Question&, Context&, const Sample&, const Branch& branch) const override {
    std::unique_ptr<Branch> asked = branch.fork(Role::verifier);
    co_await asked->append("\n\nIs the final answer above right? Reply with yes or no:");
    const double yes = co_await asked->logprob(" yes");
    const double no = co_await asked->logprob(" no");
    co_return probability(yes - no);
  }
};

class JudgeScorer : public Scorer {
 public:
  void require(const Question&, const Context& context) const override {
    require_branches("judge", context.model.capabilities());
  }
  Task<std::optional<double>> score(const Question& question, Context& context, const Sample& sample,
                                    const Branch&) const override {
    const std::string right = "The final answer is right.", wrong = "The final answer is wrong.";
    const double right_first = co_await prefers_a(context, prompt(question, sample, right, wrong));
    const double wrong_first = co_await prefers_a(context, prompt(question, sample, wrong, right));
    co_return probability((right_first - wrong_first) / 2);
  }

 private:
  static std::string prompt(const Question& question, const Sample& sample, const std::string& a,
                            const std::string& b) {
    std::string asked;
    for (const Message& message : question.messages) asked += message.content + "\n\n";
    return fmt::format(
        "Someone was asked this:\n\n{}They replied:\n\n{}\n\nCheck the reply. Which of these is true?\n"
        "A) {}\nB) {}\nReply with the letter only.",
        asked, sample.text, a, b);
  }
  // Log-odds of A against B.
  static Task<double> prefers_a(Context& context, std::string prompt) {
    std::unique_ptr<Branch> asked =
        co_await context.model.open({.messages = {{"user", std::move(prompt)}}}, context.account, Role::verifier);
    const double a = co_await asked->logprob("A");
    const double b = co_await asked->logprob("B");
    co_return a - b;
  }
};

}  // namespace

std::unique_ptr<Scorer> make_scorer(std::string_view name) {
  if (name == "check") return std::make_unique<CheckScorer>();
  if (name == "p-true") return std::make_unique<PTrueScorer>();
  if (name == "judge") return std::make_unique<JudgeScorer>();
  throw Error(Code::invalid_request, fmt::format("there is no scorer '{}'{}; there are: check, p-true, judge", name,
                                                 suggestion(name, {"check", "p-true", "judge"})));
}

bool takes_check(std::string_view strategy) {
  Spec spec = parse_spec(strategy);
  return spec.name == "verified" || spec.values["scorer"] == "check";
}

}  // namespace reckon
