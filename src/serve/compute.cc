#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "serve/ask.h"
#include "serve/refusal.h"
#include "strategy/catalog.h"

namespace reckon {
namespace {

namespace json = boost::json;

constexpr int64_t kMany = std::numeric_limits<int32_t>::max();

template <class T>
void lower(std::optional<T>& ceiling, const std::optional<T>& other) {
  if (other && (!ceiling || *other < *ceiling)) ceiling = other;
}

void lower(Budget& budget, const Budget& other) {
  lower(budget.tokens, other.tokens);
  lower(budget.thinking_tokens, other.thinking_tokens);
  lower(budget.samples, other.samples);
  lower(budget.seconds, other.seconds);
  lower(budget.flops, other.flops);
}

Budget read_budget(const json::object& object) {
  Fields fields(object, "reckon.budget.");
  Budget budget;
  budget.tokens = fields.integer("tokens", 1, kMany);
  budget.thinking_tokens = fields.integer("thinking_tokens", 0, kMany);
  budget.samples = fields.integer("samples", 1, kMany);
  budget.seconds = fields.number("seconds", 0.001, 1e9);
  if (auto ms = fields.number("ms", 1, 1e12)) lower(budget.seconds, std::optional(*ms / 1000));
  budget.flops = fields.number("flops", 1, 1e30);
  if (fields.any("usd")) unsupported("reckon.budget.usd", "this model has no price");
  if (auto unknown = fields.unknown(); !unknown.empty())
    throw Refusal(Code::invalid_request, fmt::format("there is no ceiling {}", unknown.front()), unknown.front());
  return budget;
}

}  // namespace

void unsupported(const std::string& param, const std::string& what) {
  throw Refusal(Code::unsupported, fmt::format("{} is not supported: {}", param, what), param, "unsupported");
}

const std::vector<std::string>& policy_names() {
  static const std::vector<std::string> names{"auto", "single", "greedy", "sc4", "sc8", "sc16"};
  return names;
}

std::string strategy_of(const std::string& policy, const ServeLimits& limits) {
  auto refuse = [&](const std::string& why) {
    throw Refusal(Code::invalid_request, fmt::format("policy '{}': {}", policy, why), "reckon.policy",
                  "invalid_policy");
  };
  if (policy == "auto") return "adaptive";
  if (policy == "greedy") return "single:greedy=true";
  for (const char* later : {"bon", "think", "beam"})
    if (policy.starts_with(later)) unsupported("policy " + policy, "this version has no such strategy");
  int samples = 0;
  const char* end = policy.data() + policy.size();
  if (policy.starts_with("sc") && policy.size() > 2 && std::from_chars(policy.data() + 2, end, samples).ptr == end) {
    if (samples < 1 || samples > limits.samples) refuse(fmt::format("1 to {} samples are allowed", limits.samples));
    return fmt::format("self-consistency:samples={}", samples);
  }
  try {
    return make_strategy(policy)->text();
  } catch (const Error& error) {
    refuse(error.what());
  }
  return {};
}

void choose_compute(Ask& ask, Fields& fields, const HttpRequest& request, const ServeLimits& limits,
                    const Capabilities& model) {
  std::optional<std::string> named = fields.text("model");
  if (!named) throw Refusal(Code::invalid_request, "model is missing", "model", "missing_field");
  ask.model = *named;
  if (*named == "reckon/auto") named = model.name + "@auto";
  size_t at = named->rfind('@');
  std::string base = named->substr(0, at);
  if (base != model.name && base != "default")
    throw Refusal(Code::not_found, fmt::format("there is no model '{}' here; there is '{}'", base, model.name), "model",
                  "model_not_found");
  std::string policy = at == std::string::npos ? limits.strategy : named->substr(at + 1);
  if (std::string_view header = request.header("x-reckon-policy"); !header.empty()) policy = header;

  ask.budget.seconds = limits.seconds;
  ask.budget.tokens = limits.tokens;
  ask.budget.samples = limits.samples;
  if (std::string_view header = request.header("x-reckon-budget"); !header.empty())
    lower(ask.budget, parse_budget(header));
  if (const json::object* object = fields.object("reckon")) {
    Fields reckon(*object, "reckon.");
    policy = reckon.text("policy").value_or(policy);
    if (auto task = reckon.text("task")) {
      auto kind = parse_task_kind(*task);
      if (!kind)
        throw Refusal(Code::invalid_request, "reckon.task must be math, choice, text, json or code", "reckon.task");
      ask.task = *kind;
    }
    if (const json::object* budget = reckon.object("budget")) lower(ask.budget, read_budget(*budget));
    if (const json::object* stream = reckon.object("stream")) {
      Fields how(*stream, "reckon.stream.");
      ask.progress = how.flag("progress").value_or(false);
      ask.resume = how.flag("resume").value_or(false);
      warn_unknown(ask, how);
    }
    if (auto ms = reckon.number("deadline_ms", 1, 1e9)) ask.deadline = *ms / 1000;
    if (auto late = reckon.text("late")) {
      if (*late != "refuse" && *late != "best")
        throw Refusal(Code::invalid_request, "reckon.late must be refuse or best", "reckon.late");
      ask.refuse_late = *late == "refuse";
    }
    for (const char* later : {"target", "verifier", "stop", "trace"})
      if (reckon.any(later)) unsupported(reckon.path(later), "this version does not know it");
    warn_unknown(ask, reckon);
  }
  ask.strategy = strategy_of(policy, limits);
  if (ask.budget.thinking_tokens && !model.think_open.empty())
    unsupported("reckon.budget.thinking_tokens", "thinking cannot be ended by force yet");
}

void read_thinking(Ask& ask, Fields& fields, const Capabilities& model) {
  std::vector<std::string> given;
  auto effort = [&](const std::optional<std::string>& value, const std::string& path) {
    if (!value) return;
    static const std::vector<std::string> known{"none", "minimal", "low", "medium", "high", "xhigh", "max"};
    if (std::ranges::find(known, *value) == known.end())
      throw Refusal(Code::invalid_request, fmt::format("{} must be one of {}", path, fmt::join(known, ", ")), path);
    given.push_back(path);
  };
  effort(fields.text("reasoning_effort"), "reasoning_effort");
  for (const char* name : {"thinking_budget_tokens", "reasoning_budget_tokens", "thinking_token_budget"})
    if (fields.integer(name, -1, kMany)) given.push_back(name);
  if (const json::object* object = fields.object("reasoning")) {
    Fields reasoning(*object, "reasoning.");
    effort(reasoning.text("effort"), "reasoning.effort");
    if (reasoning.integer("max_tokens", 0, kMany)) given.push_back("reasoning.max_tokens");
    reasoning.flag("exclude");
    reasoning.ignore({"summary", "generate_summary"});
    warn_unknown(ask, reasoning);
  }
  if (const json::object* object = fields.object("custom_params")) {
    Fields custom(*object, "custom_params.");
    if (custom.integer("thinking_budget", 0, kMany)) given.push_back("custom_params.thinking_budget");
    warn_unknown(ask, custom);
  }
  if (const json::object* object = fields.object("chat_template_kwargs")) {
    Fields kwargs(*object, "chat_template_kwargs.");
    if (kwargs.flag("enable_thinking")) given.push_back("chat_template_kwargs.enable_thinking");
    warn_unknown(ask, kwargs);
  }
  if (fields.flag("think")) given.push_back("think");
  for (const std::string& name : given) {
    if (!model.think_open.empty()) unsupported(name, "thinking cannot be limited yet");
    ask.warnings.push_back(name + " has no effect: this model has no thinking block");
  }
}

void read_sampling(Ask& ask, Fields& fields, const ServeLimits& limits) {
  Sampling& how = ask.sampling;
  how.temperature = fields.number("temperature", 0, 2).value_or(how.temperature);
  how.top_p = fields.number("top_p", 0, 1).value_or(how.top_p);
  how.top_k = static_cast<int>(fields.integer("top_k", 0, kMany).value_or(how.top_k));
  how.min_p = fields.number("min_p", 0, 1).value_or(how.min_p);
  for (const char* name : {"repeat_penalty", "repetition_penalty"})
    how.repetition_penalty = fields.number(name, 0.1, 10).value_or(how.repetition_penalty);
  for (const char* name : {"presence_penalty", "frequency_penalty"})
    if (auto penalty = fields.number(name, -2, 2); penalty && *penalty != 0)
      unsupported(name, "only repeat_penalty is applied");
  if (auto seed = fields.integer("seed", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()))
    ask.seed = static_cast<uint64_t>(*seed);
  std::optional<int64_t> most;
  int given = 0;
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    std::optional<int64_t> value = fields.integer(name, 1, kMany);
    given += value ? 1 : 0;
    lower(most, value);
  }
  if (given > 1) ask.warnings.push_back("max_tokens and max_completion_tokens are both given: the smaller holds");
  ask.until.tokens = static_cast<int>(most.value_or(limits.max_tokens));
}

void warn_unknown(Ask& ask, const Fields& fields) {
  for (const std::string& name : fields.unknown()) ask.warnings.push_back("unknown field " + name);
}

}  // namespace reckon
