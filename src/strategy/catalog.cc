#include "strategy/catalog.h"

#include <fmt/format.h>

#include "strategy/adaptive.h"
#include "strategy/best_of_n.h"
#include "strategy/generate_tests.h"
#include "strategy/self_consistency.h"
#include "strategy/single.h"
#include "strategy/verified.h"
#include "strategy/weighted_vote.h"

#include <reckon/error.h>

namespace reckon {
namespace {

template <class S>
StrategyEntry entry(const char* name, const char* help) {
  return {name, help, option_table<typename S::Options>(),
          [name](const std::map<std::string, std::string>& values) -> std::unique_ptr<Strategy> {
            return std::make_unique<S>(parse_options<typename S::Options>(name, values));
          }};
}

}  // namespace

std::vector<StrategyEntry> builtin_strategies() {
  return {
      entry<Single>("single", "One sample."),
      entry<SelfConsistency>("self-consistency", "A majority vote over a fixed number of samples."),
      {"adaptive", "A majority vote that stops when one more sample is not worth its price.",
       option_table<Adaptive::Options>(), [](const auto& values) { return std::make_unique<Adaptive>(values); }},
      entry<Verified>("verified", "Samples until one passes the question's check; else no answer."),
      entry<BestOfN>("best-of-n", "The sample that a scorer likes best, of a fixed number."),
      entry<WeightedVote>("weighted-vote", "A vote in which a scorer weighs a fixed number of samples."),
      entry<GenerateTests>("generate-tests", "The program that agrees best with tests that the model writes itself."),
  };
}

std::unique_ptr<Strategy> make_strategy(std::string_view text) { return make_strategy(parse_spec(text)); }

std::unique_ptr<Strategy> make_strategy(const Spec& spec) {
  std::vector<std::string> names;
  for (const StrategyEntry& e : builtin_strategies()) {
    if (e.name == spec.name) return e.make(spec.values);
    names.push_back(e.name);
  }
  throw Error(Code::invalid_request, fmt::format("there is no strategy '{}'{}; there are: {}", spec.name,
                                                 suggestion(spec.name, names), fmt::join(names, ", ")));
}

}  // namespace reckon
