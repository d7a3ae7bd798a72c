#include "serve/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "policy/waves.h"
#include "serve/refusal.h"
#include "strategy/catalog.h"

namespace reckon {
namespace {

// What the scorer of a strategy computes for one sample, at most: its own words are counted as a token a byte.
int64_t scoring(const Spec& spec, int64_t samples, int64_t prompt_tokens, int64_t each) {
  auto scorer = spec.values.find("scorer");
  if (scorer == spec.values.end()) return 0;
  if (scorer->second == "p-true") return 64;
  if (scorer->second == "judge") return 2 * (prompt_tokens + each + 256);
  if (scorer->second == "judge-pairwise") return (samples - 1) * (prompt_tokens + 2 * each + 256);
  return 0;
}

// Samples that it draws at most; none where it does not say.
std::optional<int64_t> most_samples(const Spec& spec) {
  for (const char* name : {"samples", "cap", "n"})
    if (auto found = spec.values.find(name); found != spec.values.end()) return std::stoll(found->second);
  return std::nullopt;
}

}  // namespace

Estimate estimate(const Ask& ask, int64_t prompt_tokens, const Capabilities& model) {
  Spec spec = parse_spec(make_strategy(ask.strategy)->text());
  Estimate most{.samples = most_samples(spec).value_or(ask.n)};
  most.samples = std::min(most.samples, ask.budget.samples.value_or(most.samples));
  int64_t room = std::max<int64_t>(model.context - prompt_tokens, 0);
  most.each = ask.until.tokens > 0 ? std::min<int64_t>(ask.until.tokens, room) : room;
  most.scoring = scoring(spec, most.samples, prompt_tokens, most.each);
  int64_t whole = most.each + most.scoring;
  most.tokens = std::min(prompt_tokens + most.samples * whole, ask.budget.tokens.value_or(INT64_MAX));
  most.live = most.samples;
  if (auto wave = spec.values.find("wave"); wave != spec.values.end()) {
    int width = std::stoi(wave->second);
    if (width == 0) width = wave_width(model.batch_cost, std::stod(spec.values.at("latency")));
    most.live = std::min<int64_t>(most.live, width);
  }
  most.cells = prompt_tokens + most.live * whole;
  most.flops =
      model.shape.prefill_flops(prompt_tokens, 0) +
      static_cast<double>(most.tokens - prompt_tokens) * model.shape.decode_flops(prompt_tokens + most.each / 2);
  return most;
}

std::string shallower(const std::string& strategy, int waiting, int active) {
  if (waiting == 0 || !strategy.starts_with("adaptive")) return strategy;
  Spec spec = parse_spec(make_strategy(strategy)->text());
  auto cap = spec.values.find("cap"), least = spec.values.find("least");
  if (cap == spec.values.end()) return strategy;
  int64_t fewest = least == spec.values.end() ? 1 : std::stoll(least->second);
  cap->second = std::to_string(std::max<int64_t>(fewest, std::stoll(cap->second) * active / (active + waiting)));
  return make_strategy(spec)->text();
}

std::string with_choices(const std::string& strategy, int choices) {
  Spec spec = parse_spec(make_strategy(strategy)->text());
  if (int64_t most = most_samples(spec).value_or(choices); choices > most)
    throw Refusal(Api::invalid_value,
                  fmt::format("this policy draws at most {} samples, which cannot give {} choices", most, choices),
                  "n");
  std::string number = std::to_string(choices);
  if (spec.name == "adaptive") spec.values["least"] = number;
  if (spec.name == "verified") spec.values["accept"] = number;
  if (spec.name == "self-consistency") spec.values["early_stop"] = "false";
  return make_strategy(spec)->text();
}

}  // namespace reckon
