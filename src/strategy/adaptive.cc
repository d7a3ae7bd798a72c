#include "strategy/adaptive.h"

#include <fmt/format.h>

#include <array>

#include "policy/wave.h"
#include "strategy/voting.h"

namespace reckon {
namespace {

// The policy that the options describe, in the policies' own syntax.
std::string policy_text(const Adaptive::Options& o) {
  for (const char* preset : {"economy", "balanced", "quality"})
    if (o.rule == preset) return o.rule;
  if (o.rule == "lead") return fmt::format("lead:m={},cap={}", o.m, o.cap);
  if (o.rule == "asc") return fmt::format("asc:threshold={},cap={}", o.threshold, o.cap);
  if (o.rule == "voc") return fmt::format("voc:lambda={},cap={}", o.lambda, o.cap);
  if (o.rule == "esc") return fmt::format("esc:w={},cap={}", o.window, o.cap);
  return fmt::format("{}:cap={}", o.rule, o.cap);
}

}  // namespace

Adaptive::Adaptive(Options options) : options_(std::move(options)), policy_(parse_policy(policy_text(options_))) {}

Task<Outcome> Adaptive::solve(const Question& question, Context& context) const {
  int wave = options_.wave > 0 ? options_.wave : wave_width(context.model.capabilities().batch_cost);
  co_return co_await vote(question, context, *policy_, {.wave = wave, .refill = options_.refill});
}

}  // namespace reckon
