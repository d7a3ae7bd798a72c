#include "strategy/tune.h"

#include <fmt/format.h>

#include <reckon/error.h>
#include <reckon/options.h>

#include "policy/calibration.h"
#include "strategy/catalog.h"

namespace reckon {
namespace {

std::string rule_of(const Spec& spec) {
  auto rule = spec.values.find("rule");
  return rule == spec.values.end() ? "" : rule->second;
}

// "balanced" for a plain adaptive strategy; "" where the text names a rule of its own or an option of one.
std::string preset_of(const Spec& spec) {
  for (const auto& [key, value] : spec.values)
    if (key != "rule" && key != "wave" && key != "latency" && key != "refill") return "";
  std::string rule = rule_of(spec);
  if (rule.empty()) return "balanced";
  return rule == "economy" || rule == "balanced" || rule == "quality" ? rule : "";
}

}  // namespace

bool takes_price(std::string_view strategy) {
  Spec spec = parse_spec(strategy);
  return spec.name == "adaptive" && rule_of(spec) == "voc" && !spec.values.contains("lambda");
}

std::string priced(std::string_view strategy, double price) {
  if (!takes_price(strategy))
    throw Error(Code::invalid_request,
                fmt::format("a price moves adaptive:rule=voc without a lambda of its own, not {}", strategy));
  Spec spec = parse_spec(strategy);
  spec.values["lambda"] = detail::show(price);
  return make_strategy(spec)->text();
}

Calibrated calibrated(std::string_view strategy, const Calibration& calibration, std::string_view model,
                      TaskKind task) {
  Calibrated result{.strategy = std::string(strategy)};
  Spec spec = parse_spec(strategy);
  if (spec.name != "adaptive") return result;
  std::string preset = preset_of(spec);
  if (preset.empty()) {
    result.note = "calibration not used: the strategy names a rule of its own";
    return result;
  }
  CalibratedPolicy policy = calibrated_policy(calibration, model, name(task), preset);
  if (!policy.ignored.empty()) {
    result.note = "calibration not used: " + policy.ignored;
    return result;
  }
  Spec rule = parse_spec(policy.policy);
  spec.values.merge(rule.values);
  spec.values["rule"] = rule.name;
  return {.strategy = make_strategy(spec)->text(),
          .note = fmt::format("calibrated: {} is {}", preset, policy.policy),
          .used = true};
}

}  // namespace reckon
