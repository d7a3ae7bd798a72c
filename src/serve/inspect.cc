#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "serve/estimate.h"
#include "serve/refusal.h"
#include "serve/render.h"
#include "serve/service.h"
#include "strategy/catalog.h"

// What can be asked about the server without running anything.
namespace reckon {

namespace json = boost::json;

namespace {

// /tokenize and /detokenize, in llama-server's shape.
std::string tokens_or_text(const HttpRequest& request, const Model& model) {
  json::object body = parse_body(request.body);
  Fields fields(body);
  if (model.capabilities().tokens == 0) unsupported(request.path, "this model does not tell its token ids");
  if (request.path == "/detokenize") {
    const json::array* list = fields.array("tokens");
    std::vector<int> tokens;
    for (size_t i = 0; list && i < list->size(); ++i) {
      int64_t token = (*list)[i].is_int64() ? (*list)[i].as_int64() : -1;
      if (token < 0 || token >= model.capabilities().tokens)
        throw Refusal(Code::invalid_request, fmt::format("tokens[{}] is no token of this model", i), "tokens",
                      "invalid_value");
      tokens.push_back(static_cast<int>(token));
    }
    return json::serialize(json::object{{"content", readable(model.detokenize(tokens))}});
  }
  bool begin = fields.flag("add_special").value_or(false), special = fields.flag("parse_special").value_or(true);
  std::vector<int> tokens = model.tokenize(fields.text("content").value_or(""), begin, special);
  json::array list;
  for (int token : tokens) {
    if (fields.flag("with_pieces").value_or(false))
      list.push_back({{"id", token}, {"piece", readable(model.detokenize({token}))}});
    else list.push_back(token);
  }
  return json::serialize(json::object{{"tokens", std::move(list)}});
}

json::object status_of(const ModelState& model) {
  json::object status{{"value", model.state}};
  if (model.state == "loading") status["progress"] = model.progress;
  if (!model.failure.empty()) status["failure"] = model.failure;
  return status;
}

}  // namespace

HttpResponse Service::health() const {
  if (draining_) return {.status = 503, .body = R"({"status":"draining"})"};
  json::object loading;
  for (const ModelState& model : pool_.states())
    if (model.state == "loading") loading[model.name] = model.progress;
  if (!pool_.ready())
    return {.status = 503,
            .body = json::serialize(json::object{
                {"status", "loading model"},
                {"loading", std::move(loading)},
                {"error", {{"message", "the model is loading"}, {"type", "unavailable_error"}, {"code", 503}}}})};
  json::object fine{{"status", "ok"}};
  if (!loading.empty()) fine["loading"] = std::move(loading);
  return {.body = json::serialize(fine)};
}

std::string Service::models(std::string_view id) const {
  json::array list;
  auto add = [&](const ModelState& model, const std::string& id, const std::string& policy) {
    json::object meta{{"policy", strategy_of(policy, options_.limits)}};
    if (model.facts) meta["engine"] = model.facts->engine, meta["n_ctx"] = model.facts->context;
    list.push_back({{"id", id},
                    {"object", "model"},
                    {"created", started_},
                    {"owned_by", "reckon"},
                    {"status", status_of(model)},
                    {"meta", std::move(meta)}});
  };
  for (const ModelState& model : pool_.states()) {
    add(model, model.name, options_.limits.strategy);
    for (const NamedPolicy& policy : named_policies(options_.limits, model.facts && !model.facts->think_open.empty()))
      add(model, model.name + "@" + policy.name, policy.strategy);
  }
  add(pool_.state("default"), "reckon/auto", "auto");
  for (const json::value& model : list)
    if (model.at("id").as_string() == id) return json::serialize(model);
  if (!id.empty())
    throw Refusal(Code::not_found, "there is no such model; /v1/models lists those that are", "model",
                  "model_not_found");
  return json::serialize(json::object{{"object", "list"}, {"data", std::move(list)}});
}

std::string Service::props(std::string_view named) const {
  ModelState model = pool_.state(named.empty() ? "default" : named);
  json::object props{{"model_alias", model.name},
                     {"model_status", status_of(model)},
                     {"total_slots", options_.limits.active},
                     {"build_info", "reckon " + options_.version}};
  if (model.facts) {
    props["default_generation_settings"] = {{"n_ctx", model.facts->context}};
    props["build_info"] = fmt::format("reckon {}, {}", options_.version, model.facts->engine);
  }
  return json::serialize(props);
}

// A slot is a place for a request that runs; which of them is busy is not told apart. Models in memory have slots.
std::string Service::slots() const {
  json::array list;
  for (const ModelState& model : pool_.states())
    for (int i = 0; i < options_.limits.active && (model.state == "loaded" || model.state == "unloading"); ++i)
      list.push_back({{"id", list.size()},
                      {"model", model.name},
                      {"n_ctx", model.facts->context},
                      {"is_processing", i < model.active}});
  return json::serialize(list);
}

std::string Service::policies() const {
  json::array strategies;
  for (const StrategyEntry& entry : offered_strategies()) {
    json::array options;
    for (const OptionInfo& option : entry.options)
      options.push_back(
          {{"name", option.name}, {"type", option.type}, {"default", option.standard}, {"help", option.help}});
    strategies.push_back({{"name", entry.name}, {"help", entry.help}, {"options", std::move(options)}});
  }
  json::object names;
  for (const NamedPolicy& policy : named_policies(options_.limits, true)) names[policy.name] = policy.strategy;
  return json::serialize(json::object{{"policies", std::move(names)}, {"strategies", std::move(strategies)}});
}

std::string Service::estimate(const HttpRequest& request, const Runs& runs) const {
  Ask ask = parse_chat(request, options_.limits, runs.model().capabilities());
  runs.prepare(ask);
  Estimate most = reckon::estimate(ask, ask.prompt_tokens, runs.model().capabilities());
  return json::serialize(json::object{{"policy", ask.strategy},
                                      {"prompt_tokens", ask.prompt_tokens},
                                      {"samples_at_most", most.samples},
                                      {"tokens_at_most", most.tokens},
                                      {"kv_cells_at_most", most.cells},
                                      {"flops_at_most", most.flops},
                                      {"warnings", json::value_from(ask.warnings)}});
}

std::string Service::count(const HttpRequest& request, const Runs& runs) const {
  if (request.path.ends_with("tokenize")) return tokens_or_text(request, runs.model());
  Ask ask = parse_messages(request, options_.limits, runs.model().capabilities());
  return json::serialize(json::object{{"input_tokens", runs.count_tokens(ask)}});
}

std::string Service::about_request(const HttpRequest& request, const std::string& key) {
  std::string id = request.path.substr(std::string_view("/v1/reckon/requests/").size());
  bool answer_now = id.ends_with("/answer-now") && request.method == "POST";
  if (answer_now) id.resize(id.size() - std::string_view("/answer-now").size());
  id = bare_id(std::move(id));
  std::string state = books_.state(id, key);
  if (state.empty())
    throw Refusal(Code::not_found, "there is no request of this id that you asked", "", "request_not_found");
  if (answer_now || request.method == "DELETE") {
    if (!books_.finish_now(id)) pool_.leave(id);
    state = books_.state(id, key);
  }
  return state;
}

std::string Service::live_requests(const std::string& key) const {
  json::array list;
  for (const std::string& id : books_.live(key)) list.push_back(json::parse(books_.state(id, key)));
  return json::serialize(json::object{{"object", "list"}, {"data", std::move(list)}});
}

}  // namespace reckon
