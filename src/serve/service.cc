#include "serve/service.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <random>

#include "base/meters.h"
#include "base/rng.h"
#include "serve/cors.h"
#include "serve/refusal.h"
#include "serve/render.h"

namespace reckon {
namespace {

namespace json = boost::json;

bool anthropics(std::string_view path) { return path.starts_with("/v1/messages"); }

int64_t unix_seconds() { return unix_milliseconds() / 1000; }

}  // namespace

Service::Entry::Entry(Service& its_service, const HttpRequest& request)
    : service(its_service),
      method(request.method),
      path(request.path),
      id(fmt::format("{:016x}", mix(service.next_id_++))),
      start(service.loop_.now()) {}

Service::Entry::~Entry() {
  service.metrics_.answered(std::string(route), status);
  if (!service.options_.log) return;
  double ms = std::chrono::duration<double, std::milli>(service.loop_.now() - start).count();
  service.options_.log(json::serialize(json::object{{"time", utc_time(unix_seconds())},
                                                    {"id", id},
                                                    {"method", method},
                                                    {"path", readable(path)},
                                                    {"status", status},
                                                    {"key", key.name},
                                                    {"model", model},
                                                    {"policy", policy},
                                                    {"samples", samples},
                                                    {"tokens", tokens},
                                                    {"ms", std::round(ms * 10) / 10}}));
}

struct Service::Form {
  std::string_view path, prefix;  // of the ids
  Ask (*parse)(const HttpRequest&, const ServeLimits&, const Capabilities&);
  std::unique_ptr<Surface> (*surface)(Heading, Responder&);
};

const Service::Form& Service::form_of(const std::string& path) {
  static constexpr Form kForms[] = {{"/v1/chat/completions", "chatcmpl-", parse_chat, chat_surface},
                                    {"/v1/completions", "cmpl-", parse_completion, completion_surface},
                                    {"/v1/responses", "resp_", parse_responses, responses_surface},
                                    {"/v1/messages", "msg_", parse_messages, messages_surface}};
  return *std::ranges::find(kForms, path, &Form::path);
}

std::string bare_id(std::string id) {
  for (std::string_view prefix : {"chatcmpl-", "cmpl-", "resp_", "msg_"})
    if (id.starts_with(prefix)) return id.substr(prefix.size());
  return id;
}

Service::Service(Loop& loop, ServiceOptions options)
    : loop_(loop),
      options_(std::move(options)),
      books_(loop, options_.books, metrics_),
      pool_(loop, std::exchange(options_.models, {}), options_.memory_limit,
            [this](Model& model) {
              return std::make_unique<Runs>(loop_, model, options_.limits, books_, options_.runner);
            }),
      held_(loop, std::chrono::seconds(60)),
      next_id_(mix(std::random_device()(), std::random_device()())),  // allowed: ids must not repeat between starts
      started_(unix_seconds()) {}

Task<void> Service::open() { co_await pool_.lease("default", 1); }

Task<void> Service::settled() {
  if (draining_) held_.drop_unattended();  // those who listened may have been cut off
  co_await books_.settled();
  co_await pool_.settled();
}

void Service::publish() {
  metrics_.models = pool_.states();
  metrics_.rejected = pool_.rejected();
  metrics_.active = metrics_.queued = 0;
  for (const ModelState& model : metrics_.models) metrics_.active += model.active, metrics_.queued += model.queued;
}

KeyRules Service::authorise(const HttpRequest& request) const {
  if (options_.keys.empty()) return {};
  std::string_view key = request.header("x-api-key");
  if (std::string_view bearer = request.header("authorization"); bearer.starts_with("Bearer ")) key = bearer.substr(7);
  const KeyRules* rules = options_.keys.find(key);
  if (!rules) throw Refusal(Api::invalid_api_key, "give a valid API key in Authorization: Bearer or x-api-key");
  return *rules;
}

// Seconds until a refused request may be tried again: a queue's mean wait, or the next day for a budget that is spent.
int Service::retry_after(const Error& error) {
  auto* refusal = dynamic_cast<const Refusal*>(&error);
  if (refusal && refusal->api() == Api::insufficient_quota) return static_cast<int>(86'400 - unix_seconds() % 86'400);
  publish();
  double mean = metrics_.mean_seconds() * (1 + static_cast<double>(metrics_.queued) / options_.limits.active);
  return std::clamp(static_cast<int>(std::ceil(mean)), 1, 600);
}

HttpResponse Service::refusal(const Error& error, Entry& entry) {
  HttpResponse response{.status = status_of(error), .headers = {{"X-Request-Id", entry.id}}};
  response.body = anthropics(entry.path) ? anthropic_error(error, entry.id) : openai_error(error);
  if (response.status == 429 || response.status == 503)
    response.headers.emplace_back("Retry-After", std::to_string(retry_after(error)));
  if (response.status == 405) response.headers.emplace_back("Allow", methods_of(entry.route));
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  entry.status = response.status;
  return response;
}

Task<void> Service::handle(const HttpRequest& request, Responder& client) {
  CorsResponder responder(request, client, options_.cors);
  if (responder.preflight()) {
    responder.answer_preflight();
    co_return;
  }
  auto entry = std::make_shared<Entry>(*this, request);
  responder.also("X-Request-Id", entry->id);
  if (anthropics(entry->path)) responder.also("Request-Id", entry->id);
  std::optional<HttpResponse> refused;
  try {
    co_await route({request, responder, entry});
  } catch (const Error& error) {
    refused = refusal(error, *entry);
  } catch (const std::exception& error) {
    refused = refusal(Error(Code::internal, fmt::format("internal error: {}", error.what())), *entry);
  }
  if (refused && !responder.started()) responder.send(std::move(*refused));
}

std::string Service::loading_text() const {
  ModelState model = pool_.state("default");
  return fmt::format("loading {}: {:.0f} %", model.name, model.progress * 100);
}

// Read before the surface reads the request, since what a request may ask depends on its model.
Task<ModelPool::Lease> Service::lease(const HttpRequest& request) {
  json::object body = parse_body(request.body);
  Fields fields(body);
  std::string named = fields.text("model").value_or("default");
  std::optional<double> seconds;
  if (const json::object* reckon = fields.object("reckon"))
    if (auto ms = Fields(*reckon, "reckon.").number("deadline_ms", 1, 1e9)) seconds = *ms / 1000;
  co_return co_await pool_.lease(std::move(named), options_.limits.queue, seconds);
}

// The server's, and the key's own ceilings.
ServeLimits Service::limits_of(const KeyRules& key) const {
  ServeLimits limits = options_.limits;
  const Budget& own = key.ceilings;
  limits.seconds = std::min(limits.seconds, own.seconds.value_or(limits.seconds));
  limits.samples = static_cast<int>(std::min<int64_t>(limits.samples, own.samples.value_or(limits.samples)));
  if (own.tokens) limits.tokens = std::min(*own.tokens, limits.tokens.value_or(*own.tokens));
  return limits;
}

Task<void> Service::generate(Asked asked) {
  auto& [request, responder, entry, id] = asked;
  const Form& form = form_of(request.path);
  ModelPool::Lease model = co_await lease(request);
  auto ask = std::make_shared<Ask>(form.parse(request, limits_of(entry->key), model.model().capabilities()));
  ask->known = {};  // is for api_tables(), and thousands may wait
  if (ask->deadline) *ask->deadline -= std::chrono::duration<double>(loop_.now() - entry->start).count();
  entry->model = ask->model, entry->policy = ask->strategy;
  model.runs().prepare(*ask);
  if (ask->resume) co_await generate_apart(form, std::move(ask), std::move(model), responder, entry);
  else co_await answer(form, std::move(ask), std::move(model), responder, entry);
}

Task<void> Service::answer(const Form& form, AskPtr ask, ModelPool::Lease lease, Responder& responder, Shared entry) {
  Runs& runs = lease.runs();
  const Capabilities& facts = runs.model().capabilities();
  Heading heading{.id = entry->id, .created = unix_seconds(), .ask = *ask, .prompt_tokens = ask->prompt_tokens};
  if (!ask->prompt) heading.think_open = facts.think_open, heading.think_close = facts.think_close;
  std::unique_ptr<Surface> surface = form.surface(std::move(heading), responder);
  Watcher watcher;
  watcher.gone = [&] { return responder.gone(); };
  if (ask->stream) {
    watcher.admitted = [&](const std::string& strategy) {
      responder.begin({{"X-Request-Id", entry->id}, {"X-Reckon-Policy", strategy}});
      surface->start();
    };
    watcher.text = [&](size_t choice, std::string_view piece) { surface->text(choice, piece); };
    watcher.event = [&](const Progress::Event& event) { surface->progress(event); };
  }
  try {
    std::unique_ptr<Done> done = co_await runs.run(ask, {entry->id, entry->key}, std::move(watcher));
    entry->status = 200;
    entry->policy = done->run.receipt.strategy;
    entry->tokens = done->run.receipt.usage.computed(), entry->samples = done->run.receipt.samples;
    if (ask->stream) surface->finish(*done);
    else
      responder.send({.headers = {{"X-Request-Id", entry->id},
                                  {"X-Reckon-Policy", entry->policy},
                                  {"X-Reckon-Samples", std::to_string(entry->samples)},
                                  {"X-Reckon-Cost", fmt::format("tokens={}", entry->tokens)}},
                      .body = surface->render(*done)});
  } catch (const Error& error) {
    if (!responder.started()) throw;
    entry->status = status_of(error);
    surface->fail(error);
  }
  if (ask->stream) responder.end();
}

}  // namespace reckon
