#include "strategy/adaptive.h"

#include <fmt/format.h>

#include <utility>

#include "policy/waves.h"
#include "strategy/voting.h"

namespace reckon {

Adaptive::Adaptive(std::map<std::string, std::string> values) {
  std::map<std::string, std::string> own;
  for (const char* name : {"rule", "wave", "latency", "refill", "least"})
    if (auto node = values.extract(name)) own.insert(std::move(node));
  options_ = parse_options<Options>("adaptive", own);
  std::string rule = options_.rule;
  for (const auto& [key, value] : values)
    rule += fmt::format("{}{}={}", &key == &values.begin()->first ? ":" : ",", key, value);
  policy_ = parse_policy(rule);
}

std::string Adaptive::text() const {
  std::string policy = policy_->text();  // "lead:m=2,cap=16"
  size_t colon = policy.find(':');
  return fmt::format("adaptive:rule={},{},wave={},latency={},refill={}{}", policy.substr(0, colon),
                     policy.substr(colon + 1), options_.wave, options_.latency, options_.refill,
                     options_.least > 1 ? fmt::format(",least={}", options_.least) : "");
}

Task<Outcome> Adaptive::solve(const Question& question, Context& context) const {
  int wave = options_.wave > 0 ? options_.wave : wave_width(context.model.capabilities().batch_cost, options_.latency);
  co_return co_await vote(question, context, *policy_,
                          {.wave = wave, .refill = options_.refill, .least = options_.least});
}

}  // namespace reckon
