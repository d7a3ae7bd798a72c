#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.h"
#include "serve/ask.h"
#include "serve/refusal.h"
#include "strategy/catalog.h"
#include "strategy/thinking.h"
#include "strategy/tune.h"

namespace reckon {
namespace {

namespace json = boost::json;

constexpr std::string_view kRunsPrograms = "generate-tests";  // the server runs none
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

// "think2k": one sample that may think for 2,048 tokens.
std::optional<int64_t> thinking_of_policy(std::string_view policy) {
  if (!policy.starts_with("think")) return std::nullopt;
  policy.remove_prefix(5);
  int64_t unit = policy.ends_with('k') ? 1024 : 1, tokens = 0;
  if (unit > 1) policy.remove_suffix(1);
  const char* end = policy.data() + policy.size();
  if (policy.empty() || policy.size() > 7 || std::from_chars(policy.data(), end, tokens).ptr != end || tokens < 0)
    return std::nullopt;
  return tokens * unit;
}

// "messages[3].name" is "messages[].name": a long list has one warning.
std::string without_indices(std::string_view path) {
  std::string plain;
  bool inside = false;
  for (char c : path) {
    if (c == ']') inside = false;
    if (!inside) plain += c;
    if (c == '[') inside = true;
  }
  return plain;
}

Budget read_budget(Ask& ask, const json::object& object) {
  Fields fields(object, "reckon.budget.");
  Budget budget;
  budget.tokens = fields.integer("tokens", 1, kMany);
  budget.thinking_tokens = fields.integer("thinking_tokens", 0, kMany);
  budget.samples = fields.integer("samples", 1, kMany);
  budget.seconds = fields.number("seconds", 0.001, 1e9);
  if (auto ms = fields.number("ms", 1, 1e12)) lower(budget.seconds, std::optional(*ms / 1000));
  budget.flops = fields.number("flops", 1, 1e30);
  fields.refuse({"usd"}, "this model has no price");
  if (auto unknown = fields.unknown(); !unknown.empty())
    throw Refusal(Api::invalid_value, fmt::format("there is no ceiling {}", unknown.front()), unknown.front());
  warn_unknown(ask, fields);
  return budget;
}

Budget budget_of(std::string_view header) {
  try {
    return parse_budget(header);
  } catch (const Error& error) {
    throw Refusal(Api::invalid_value, error.what(), "X-Reckon-Budget");
  }
}

}  // namespace

std::string content_text(Ask& ask, const json::value& content, const std::string& path,
                         std::span<const std::string_view> types) {
  if (content.is_string()) return std::string(content.as_string());
  const json::array* parts = content.if_array();
  if (!parts) wrong(path, "a string or a list of parts");
  std::string text;
  for (size_t i = 0; i < parts->size(); ++i) {
    std::string here = fmt::format("{}[{}]", path, i);
    const json::object* part = (*parts)[i].if_object();
    if (!part) wrong(here, "an object");
    Fields fields(*part, here + ".");
    std::string type = fields.required_text("type");
    if (std::ranges::find(types, type) == types.end()) unsupported(here, fmt::format("a part of type '{}'", type));
    text += fields.required_text("text");
    fields.ignore(&Fields::array, {"annotations", "logprobs"});
    fields.ignore(&Fields::object, {"cache_control", "prompt_cache_breakpoint"});
    warn_unknown(ask, fields);
  }
  return text;
}

std::string strategy_of(const std::string& policy, const ServeLimits& limits) {
  auto refuse = [&](const std::string& why) {
    throw Refusal(Api::invalid_policy, fmt::format("policy '{}': {}", policy, why), "reckon.policy");
  };
  if (policy.empty()) refuse("it has no name");
  if (policy == "auto") return limits.price ? priced("adaptive:rule=voc", *limits.price) : "adaptive";
  if (policy == "greedy") return "single:greedy=true";
  if (thinking_of_policy(policy)) return "single";
  if (policy.starts_with("beam")) unsupported("policy " + policy, "this version has no such strategy");
  if (policy.starts_with(kRunsPrograms)) unsupported("policy " + policy, "the server runs no programs");
  // Of the scorers only p-true needs nothing but the question.
  for (auto [name, strategy] : {std::pair<std::string_view, const char*>{"sc", "self-consistency:samples="},
                                {"bon", "best-of-n:scorer=p-true,samples="}}) {
    int samples = 0;
    const char *end = policy.data() + policy.size(), *number = policy.data() + name.size();
    if (!policy.starts_with(name) || number == end || std::from_chars(number, end, samples).ptr != end) continue;
    if (samples < 1 || samples > limits.samples) refuse(fmt::format("1 to {} samples are allowed", limits.samples));
    return strategy + std::to_string(samples);
  }
  try {
    std::string text = make_strategy(policy)->text();
    return limits.price && takes_price(policy) ? priced(policy, *limits.price) : text;
  } catch (const Error& error) {
    refuse(error.what());
  }
  return {};
}

std::vector<StrategyEntry> offered_strategies() {
  std::vector<StrategyEntry> offered = builtin_strategies();
  std::erase_if(offered, [](const StrategyEntry& entry) { return entry.name == kRunsPrograms; });
  return offered;
}

std::vector<NamedPolicy> named_policies(const ServeLimits& limits, bool thinks) {
  std::vector<NamedPolicy> offered;
  for (const char* name : {"auto", "single", "greedy", "sc4", "sc8", "sc16", "bon4", "think2k"}) {
    if (thinking_of_policy(name) && !thinks) continue;
    try {
      offered.push_back({name, strategy_of(name, limits)});
    } catch (const Refusal&) {  // more samples than this server allows
    }
  }
  return offered;
}

void choose_compute(Ask& ask, Fields& fields, const HttpRequest& request, const ServeLimits& limits,
                    const Capabilities& model) {
  std::string named = ask.model = fields.required_text("model");
  if (named == "reckon/auto") named = model.name + "@auto";
  size_t at = named.rfind('@');  // what is before it, the model pool has found
  std::string policy = at == std::string::npos ? limits.strategy : named.substr(at + 1);
  if (std::string_view header = request.header("x-reckon-policy"); !header.empty()) policy = header;

  ask.budget.seconds = limits.seconds;
  ask.budget.tokens = limits.tokens;
  ask.budget.samples = limits.samples;
  if (std::string_view header = request.header("x-reckon-budget"); !header.empty())
    lower(ask.budget, budget_of(header));
  if (const json::object* object = fields.object("reckon")) {
    Fields reckon(*object, "reckon.");
    policy = reckon.text("policy").value_or(policy);
    if (auto task = reckon.text("task")) {
      auto kind = parse_task_kind(*task);
      if (!kind) wrong("reckon.task", "math, choice, text, json or code");
      ask.task = *kind;
    }
    if (const json::object* ceilings = reckon.object("budget")) {
      Budget budget = read_budget(ask, *ceilings);
      if (auto tokens = std::exchange(budget.thinking_tokens, {}))
        limit_thinking(ask, {{"reckon.budget.thinking_tokens", tokens}}, model);
      lower(ask.budget, budget);
    }
    if (const json::object* stream = reckon.object("stream")) {
      Fields how(*stream, "reckon.stream.");
      ask.progress = how.flag("progress").value_or(false);
      ask.resume = how.flag("resume").value_or(false);
      warn_unknown(ask, how);
    }
    if (auto ms = reckon.number("deadline_ms", 1, 1e9)) ask.deadline = *ms / 1000;
    if (auto late = reckon.text("late")) {
      if (*late != "refuse" && *late != "best") wrong("reckon.late", "refuse or best");
      ask.refuse_late = *late == "refuse";
    }
    reckon.refuse({"target", "verifier", "stop", "trace"}, "this version does not know it");
    warn_unknown(ask, reckon);
  }
  check_text(policy, "the policy");
  ask.strategy = strategy_of(policy, limits);
  if (auto tokens = thinking_of_policy(policy)) limit_thinking(ask, {{"policy " + policy, tokens}}, model);
}

std::optional<int64_t> thinking_of_effort(const std::string& effort, const std::string& path, const Ask& ask) {
  static const std::vector<std::pair<std::string, double>> shares{
      {"none", 0}, {"minimal", 0.1}, {"low", 0.2}, {"medium", 0.5}, {"high", 0.8}, {"xhigh", 0.95}, {"max", 1}};
  auto found = std::ranges::find(shares, effort, &std::pair<std::string, double>::first);
  if (found == shares.end()) wrong(path, "one of none, minimal, low, medium, high, xhigh, max");
  int allowance = ask.until.tokens - answer_reserve(ask.until.tokens);
  return static_cast<int64_t>(found->second * allowance);
}

void limit_thinking(Ask& ask, const std::vector<ThinkingLimit>& limits, const Capabilities& model) {
  for (const ThinkingLimit& limit : limits) {
    if (model.think_open.empty()) {
      ask.warnings.push_back(limit.path + " has no effect: this model has no thinking block");
      continue;
    }
    if (limit.tokens && ask.budget.thinking_tokens && *limit.tokens != *ask.budget.thinking_tokens)
      ask.warnings.push_back(fmt::format("{} is one of several limits of thinking: the smallest holds", limit.path));
    lower(ask.budget.thinking_tokens, limit.tokens);
  }
}

void read_thinking(Ask& ask, Fields& fields, const Capabilities& model) {
  std::vector<ThinkingLimit> limits;
  auto tokens = [&](Fields& from, const char* name) {
    std::optional<int64_t> value = from.integer(name, -1, kMany);  // -1: no limit
    if (value) limits.push_back({from.path(name), *value < 0 ? std::nullopt : value});
  };
  auto effort = [&](Fields& from, const char* name) {
    if (auto value = from.text(name))
      limits.push_back({from.path(name), thinking_of_effort(*value, from.path(name), ask)});
  };
  auto flag = [&](Fields& from, const char* name) {
    if (auto value = from.flag(name))
      limits.push_back({from.path(name), *value ? std::nullopt : std::optional<int64_t>(0)});
  };
  effort(fields, "reasoning_effort");
  for (const char* name : {"thinking_budget_tokens", "reasoning_budget_tokens", "thinking_token_budget"})
    tokens(fields, name);
  if (const json::object* object = fields.object("reasoning")) {
    Fields reasoning(*object, "reasoning.");
    effort(reasoning, "effort");
    tokens(reasoning, "max_tokens");
    ask.hide_reasoning = reasoning.flag("exclude").value_or(false);
    for (const char* name : {"summary", "generate_summary"})
      if (reasoning.text(name))
        ask.warnings.push_back(reasoning.path(name) + ": there are no summaries; reasoning is given as it is");
    warn_unknown(ask, reasoning);
  }
  if (const json::object* object = fields.object("custom_params")) {
    Fields custom(*object, "custom_params.");
    tokens(custom, "thinking_budget");
    warn_unknown(ask, custom);
  }
  if (const json::object* object = fields.object("chat_template_kwargs")) {
    Fields kwargs(*object, "chat_template_kwargs.");
    flag(kwargs, "enable_thinking");
    warn_unknown(ask, kwargs);
  }
  if (const json::value* think = fields.any("think"); think && think->is_string()) effort(fields, "think");
  else flag(fields, "think");
  if (const json::object* object = fields.object("thinking")) {
    Fields thinking(*object, "thinking.");
    std::string type = thinking.text("type").value_or("enabled");
    if (type != "disabled" && type != "enabled" && type != "adaptive")
      wrong("thinking.type", "enabled, adaptive or disabled");
    limits.push_back({"thinking", type == "disabled" ? std::optional<int64_t>(0) : std::nullopt});
    tokens(thinking, "budget_tokens");
    warn_unknown(ask, thinking);
  }
  limit_thinking(ask, limits, model);
}

namespace {

void read_bias(Sampling& how, Fields& fields, const Capabilities& model) {
  const json::object* bias = fields.object("logit_bias");
  if (!bias || bias->empty()) return;
  if (!model.bias) unsupported("logit_bias", "this model does not apply it");
  for (const auto& [key, value] : *bias) {
    int token = -1;
    const char* end = key.data() + key.size();
    if (std::from_chars(key.data(), end, token).ptr != end || token < 0 || token >= model.tokens)
      throw Refusal(Api::invalid_value, fmt::format("logit_bias: there is no token {}", std::string_view(key)),
                    "logit_bias");
    double number = value.is_number() ? value.to_number<double>() : 1000;
    if (!(number >= -100 && number <= 100))
      throw Refusal(Api::invalid_value, "logit_bias must hold numbers from -100 to 100", "logit_bias");
    how.logit_bias[token] = number;
  }
}

}  // namespace

void read_sampling(Ask& ask, Fields& fields, const ServeLimits& limits, const Capabilities& model) {
  Sampling& how = ask.sampling;
  how.temperature = fields.number("temperature", 0, 2).value_or(how.temperature);
  how.top_p = fields.number("top_p", 0, 1).value_or(how.top_p);
  how.top_k = static_cast<int>(fields.integer("top_k", 0, kMany).value_or(how.top_k));
  how.min_p = fields.number("min_p", 0, 1).value_or(how.min_p);
  for (const char* name : {"repeat_penalty", "repetition_penalty"})
    how.repetition_penalty = fields.number(name, 0.1, 10).value_or(how.repetition_penalty);
  how.presence_penalty = fields.number("presence_penalty", -2, 2).value_or(0);
  how.frequency_penalty = fields.number("frequency_penalty", -2, 2).value_or(0);
  if (!model.bias && how.presence_penalty != 0) unsupported("presence_penalty", "this model does not apply it");
  if (!model.bias && how.frequency_penalty != 0) unsupported("frequency_penalty", "this model does not apply it");
  read_bias(how, fields, model);
  if (auto seed = fields.integer("seed", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()))
    ask.seed = static_cast<uint64_t>(*seed);
  std::optional<int64_t> most;
  int given = 0;
  for (const char* name : {"max_tokens", "max_completion_tokens", "max_output_tokens"}) {
    std::optional<int64_t> value = fields.integer(name, 1, kMany);
    given += value ? 1 : 0;
    lower(most, value);
  }
  if (given > 1) ask.warnings.push_back("max_tokens is given by more than one of its names: the smallest holds");
  ask.until.tokens = static_cast<int>(most.value_or(limits.max_tokens));
}

void warn_unknown(Ask& ask, Fields& fields) {
  constexpr size_t kMost = 64;
  for (const std::string& name : fields.unknown()) {
    if (ask.warnings.size() > kMost) break;
    std::string warning = "unknown field " + without_indices(utf8_prefix(name, 200));
    if (ask.warnings.size() == kMost) warning = "and more of this kind";
    if (std::ranges::find(ask.warnings, warning) == ask.warnings.end()) ask.warnings.push_back(std::move(warning));
  }
  KnownFields known = std::move(fields).known();
  known.where = without_indices(known.where);
  if (std::ranges::find(ask.known, known.where, &KnownFields::where) == ask.known.end())
    ask.known.push_back(std::move(known));
}

}  // namespace reckon
