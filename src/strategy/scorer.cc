#include "strategy/scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "strategy/instruction.h"

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
  bool opinion() const override { return false; }
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

// The model's log-odds of the letter A against B as its reply.
Task<double> prefers_a(Context& context, std::string prompt) {
  std::unique_ptr<Branch> asked =
      co_await context.model.open({.messages = {{"user", std::move(prompt)}}}, context.account, Role::verifier);
  const double a = co_await asked->logprob("A");
  const double b = co_await asked->logprob("B");
  co_return a - b;
}

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
    return fmt::format(
        "Someone was asked this:\n\n{}They replied:\n\n{}\n\nCheck the reply. Which of these is true?\n"
        "A) {}\nB) {}\nReply with the letter only.",
        asked_text(question), sample.text, a, b);
  }
};

// The shortest sample of each answer, the first of equals; in the order in which the answers came.
std::vector<const Sample*> speakers(const std::vector<Sample>& samples) {
  std::vector<const Sample*> list;
  for (const Sample& sample : samples) {
    if (!sample.answer) continue;
    auto same = std::ranges::find(list, sample.answer->canonical, [](const Sample* s) { return s->answer->canonical; });
    if (same == list.end()) list.push_back(&sample);
    else if (sample.tokens < (*same)->tokens) *same = &sample;
  }
  return list;
}

class PairwiseJudge : public Scorer {
 public:
  void require(const Question&, const Context& context) const override {
    require_branches("judge-pairwise", context.model.capabilities());
  }
  Task<void> compare(const Question& question, Context& context, std::vector<Sample>& samples) const override {
    struct Standing {
      double won = 0;
      int compared = 0;
    };
    std::map<std::string, Standing> table;
    const std::vector<const Sample*> answers = speakers(samples);
    for (size_t i = 0; i < answers.size(); ++i)
      for (size_t j = i + 1; j < answers.size(); ++j) {
        const auto result = co_await if_room(context, duel(question, context, *answers[i], *answers[j]));
        if (!result) continue;
        Standing &first = table[answers[i]->answer->canonical], &second = table[answers[j]->answer->canonical];
        first.won += *result, second.won += 1 - *result;
        ++first.compared, ++second.compared;
      }
    for (Sample& sample : samples)
      if (auto at = sample.answer ? table.find(sample.answer->canonical) : table.end(); at != table.end())
        sample.score = at->second.won / at->second.compared;
  }

 private:
  // 1 where both orders prefer `first`, 0 where both prefer `second`, else 0.5. The samples outlive the task.
  static Task<std::optional<double>> duel(const Question& question, Context& context, const Sample& first,
                                          const Sample& second) {
    const double ahead = co_await prefers_a(context, prompt(question, first, second));
    const double behind = co_await prefers_a(context, prompt(question, second, first));
    if (ahead > 0 && behind < 0) co_return 1.0;
    if (ahead < 0 && behind > 0) co_return 0.0;
    co_return 0.5;
  }
  static std::string prompt(const Question& question, const Sample& a, const Sample& b) {
    return fmt::format(
        "Someone was asked this:\n\n{}Reply A:\n\n{}\n\nReply B:\n\n{}\n\nCheck both. Which reply gives the right "
        "final answer?\n"
        "Reply with the letter only.",
        asked_text(question), a.text, b.text);
  }
};

}  // namespace

Task<std::optional<double>> Scorer::score(const Question&, Context&, const Sample&, const Branch&) const {
  co_return std::nullopt;
}

Task<void> Scorer::compare(const Question&, Context&, std::vector<Sample>&) const { co_return; }

Task<std::optional<double>> if_room(Context& context, Task<std::optional<double>> score) {
  try {
    co_return co_await std::move(score);
  } catch (const Error& error) {
    if (error.code() == Code::invalid_request)
      context.account->note(fmt::format("a sample has no score: {}", error.what()));
    else if (error.code() != Code::budget_exhausted) throw;
  }
  co_return std::nullopt;
}

std::unique_ptr<Scorer> make_scorer(std::string_view name) {
  if (name == "check") return std::make_unique<CheckScorer>();
  if (name == "p-true") return std::make_unique<PTrueScorer>();
  if (name == "judge") return std::make_unique<JudgeScorer>();
  if (name == "judge-pairwise") return std::make_unique<PairwiseJudge>();
  const std::vector<std::string> names = {"check", "p-true", "judge", "judge-pairwise"};
  throw Error(Code::invalid_request, fmt::format("there is no scorer '{}'{}; there are: {}", name,
                                                 suggestion(name, names), fmt::join(names, ", ")));
}

bool takes_check(std::string_view strategy) {
  Spec spec = parse_spec(strategy);
  return spec.name == "verified" || spec.values["scorer"] == "check";
}

}  // namespace reckon
