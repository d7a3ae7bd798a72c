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

const Model& with_tokens(const ModelPool::Lease& lease, const std::string& path) {
  if (lease.model().capabilities().tokens == 0) unsupported(path, "this model does not tell its token ids");
  return lease.model();
}

json::object state_of(const ModelState& model) {
  json::object status{{"value", model.state}};
  if (model.state == "loading") status["progress"] = model.progress;
  if (!model.failure.empty()) status["failure"] = model.failure;
  return status;
}

}  // namespace

Task<void> Service::health(Asked asked) {
  if (draining_) {
    asked.reply({.status = 503, .body = R"({"status":"draining"})"});
    co_return;
  }
  json::object loading;
  for (const ModelState& model : pool_.states())
    if (model.state == "loading") loading[model.name] = model.progress;
  json::object said{{"status", pool_.ready() ? "ok" : "loading model"}};
  if (!pool_.ready())
    said["error"] = {{"message", "the model is loading"}, {"type", "unavailable_error"}, {"code", 503}};
  if (!loading.empty() || !pool_.ready()) said["loading"] = std::move(loading);
  asked.reply({.status = pool_.ready() ? 200 : 503, .body = json::serialize(said)});
}

// In the shape of both vendors: what OpenAI's clients read of a model, and what Anthropic's do.
json::array Service::all_models() const {
  json::array list;
  auto add = [&](const ModelState& model, const std::string& id, const std::string& policy) {
    json::object meta{{"policy", strategy_of(policy, options_.limits)}};
    if (model.facts) meta["engine"] = model.facts->engine, meta["n_ctx"] = model.facts->context;
    list.push_back({{"id", id},
                    {"object", "model"},
                    {"created", started_},
                    {"owned_by", "reckon"},
                    {"type", "model"},
                    {"display_name", id},
                    {"created_at", utc_time(started_)},
                    {"status", state_of(model)},
                    {"meta", std::move(meta)}});
  };
  for (const ModelState& model : pool_.states()) {
    add(model, model.name, options_.limits.strategy);
    for (const NamedPolicy& policy : named_policies(options_.limits, model.facts && !model.facts->think_open.empty()))
      add(model, model.name + "@" + policy.name, policy.strategy);
  }
  add(pool_.state("default"), "reckon/auto", "auto");
  return list;
}

std::string Service::models(const Asked&) {
  json::array list = all_models();
  json::object body{{"object", "list"}, {"has_more", false}};
  body["first_id"] = list.front().at("id"), body["last_id"] = list.back().at("id");
  body["data"] = std::move(list);
  return json::serialize(body);
}

std::string Service::one_model(const Asked& asked) {
  for (const json::value& model : all_models())
    if (model.at("id").as_string() == asked.id) return json::serialize(model);
  throw Refusal(Api::model_not_found, "there is no such model; /v1/models lists those that are", "model");
}

std::string Service::props(const Asked& asked) {
  std::string named = percent_decoded(asked.request.query_value("model"));
  ModelState model = pool_.state(named.empty() ? "default" : named);
  json::object props{{"model_alias", model.name},
                     {"model_status", state_of(model)},
                     {"total_slots", options_.limits.active},
                     {"build_info", "reckon " + options_.version}};
  if (model.facts) {
    props["default_generation_settings"] = {{"n_ctx", model.facts->context}};
    props["build_info"] = fmt::format("reckon {}, {}", options_.version, model.facts->engine);
  }
  return json::serialize(props);
}

// A slot is a place for a request that runs; which of them is busy is not told apart. Models in memory have slots.
std::string Service::slots(const Asked&) {
  json::array list;
  for (const ModelState& model : pool_.states())
    for (int i = 0; i < options_.limits.active && (model.state == "loaded" || model.state == "unloading"); ++i)
      list.push_back({{"id", list.size()},
                      {"model", model.name},
                      {"n_ctx", model.facts->context},
                      {"is_processing", i < model.active}});
  return json::serialize(list);
}

std::string Service::policies(const Asked&) {
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

Task<void> Service::metrics_text(Asked asked) {
  publish();
  asked.reply({.body = metrics_.text(), .content_type = "text/plain; version=0.0.4; charset=utf-8"});
  co_return;
}

Task<void> Service::estimate(Asked asked) {
  ModelPool::Lease model = co_await lease(asked.request);
  Ask ask = parse_chat(asked.request, limits_of(asked.entry->key), model.model().capabilities());
  model.runs().prepare(ask);
  Estimate most = reckon::estimate(ask, ask.prompt_tokens, model.model().capabilities());
  asked.reply({.body = json::serialize(json::object{{"policy", ask.strategy},
                                                    {"prompt_tokens", ask.prompt_tokens},
                                                    {"samples_at_most", most.samples},
                                                    {"tokens_at_most", most.tokens},
                                                    {"kv_cells_at_most", most.cells},
                                                    {"flops_at_most", most.flops},
                                                    {"warnings", json::value_from(ask.warnings)}})});
}

Task<void> Service::count_tokens(Asked asked) {
  ModelPool::Lease model = co_await lease(asked.request);
  Ask ask = parse_messages(asked.request, limits_of(asked.entry->key), model.model().capabilities());
  asked.reply({.body = json::serialize(json::object{{"input_tokens", model.runs().count_tokens(ask)}})});
}

Task<void> Service::tokenize(Asked asked) {
  ModelPool::Lease lease = co_await this->lease(asked.request);
  const Model& model = with_tokens(lease, asked.request.path);
  json::object body = parse_body(asked.request.body);
  Fields fields(body);
  bool begin = fields.flag("add_special").value_or(false), special = fields.flag("parse_special").value_or(true);
  bool pieces = fields.flag("with_pieces").value_or(false);
  json::array list;
  for (int token : model.tokenize(fields.text("content").value_or(""), begin, special)) {
    if (pieces) list.push_back({{"id", token}, {"piece", readable(model.detokenize({token}))}});
    else list.push_back(token);
  }
  asked.reply({.body = json::serialize(json::object{{"tokens", std::move(list)}})});
}

Task<void> Service::detokenize(Asked asked) {
  ModelPool::Lease lease = co_await this->lease(asked.request);
  const Model& model = with_tokens(lease, asked.request.path);
  json::object body = parse_body(asked.request.body);
  const json::array* list = Fields(body).array("tokens");
  std::vector<int> tokens;
  for (size_t i = 0; list && i < list->size(); ++i) {
    int64_t token = (*list)[i].is_int64() ? (*list)[i].as_int64() : -1;
    if (token < 0 || token >= model.capabilities().tokens) wrong(fmt::format("tokens[{}]", i), "a token of this model");
    tokens.push_back(static_cast<int>(token));
  }
  asked.reply({.body = json::serialize(json::object{{"content", readable(model.detokenize(tokens))}})});
}

std::string Service::about_request(const Asked& asked) {
  std::string state = books_.state(bare_id(asked.id), asked.entry->key.name);
  if (state.empty()) throw Refusal(Api::request_not_found, "there is no request of this id that you asked");
  return state;
}

std::string Service::end_request(const Asked& asked) {
  about_request(asked);  // throws where it is somebody else's
  std::string id = bare_id(asked.id);
  if (!books_.finish_now(id)) pool_.leave(id);
  return books_.state(id, asked.entry->key.name);
}

std::string Service::live_requests(const Asked& asked) {
  const std::string& key = asked.entry->key.name;
  json::array list;
  for (const std::string& id : books_.live(key)) list.push_back(json::parse(books_.state(id, key)));
  return json::serialize(json::object{{"object", "list"}, {"data", std::move(list)}});
}

}  // namespace reckon
