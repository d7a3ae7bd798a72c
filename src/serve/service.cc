#include "serve/service.h"

#include <fmt/chrono.h>
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

int64_t unix_seconds() { return unix_milliseconds() / 1000; }

bool generates(const std::string& path) {
  return path == "/v1/chat/completions" || path == "/v1/completions" || path == "/v1/messages";
}

}  // namespace

// What the log says of a request, also of one whose client went away.
struct Service::Entry {
  Service& service;
  const HttpRequest& request;
  std::string id{};
  KeyRules key{};
  std::string model{}, policy{};
  int status = 499;  // as if the client had gone, until there is an answer
  int64_t tokens = 0;
  int samples = 0;
  Loop::Time start;

  ~Entry() {
    static constexpr std::string_view kKnown[] = {
        "/v1/chat/completions", "/v1/completions", "/v1/messages", "/v1/messages/count_tokens",
        "/v1/models",           "/health",         "/metrics"};
    bool known = std::ranges::find(kKnown, request.path) != std::end(kKnown);
    service.metrics_.answered(known ? request.path : "other", status);
    double ms = std::chrono::duration<double, std::milli>(service.loop_.now() - start).count();
    service.options_.log(json::serialize(
        json::object{{"time", fmt::format("{:%FT%TZ}", fmt::gmtime(static_cast<std::time_t>(unix_seconds())))},
                     {"id", id},
                     {"method", request.method},
                     {"path", request.path},
                     {"status", status},
                     {"key", key.name},
                     {"model", model},
                     {"policy", policy},
                     {"samples", samples},
                     {"tokens", tokens},
                     {"ms", std::round(ms * 10) / 10}}));
  }
};

Service::Service(Loop& loop, ServiceOptions options)
    : loop_(loop),
      options_(std::move(options)),
      books_(loop, options_.books, metrics_),
      next_id_(mix(std::random_device()(), std::random_device()())),  // allowed: ids must not repeat between starts
      started_(unix_seconds()) {}

void Service::ready(Model& model) {
  runs_ = std::make_unique<Runs>(loop_, model, options_.limits, books_, options_.runner);
}

KeyRules Service::authorise(const HttpRequest& request) const {
  if (options_.keys.empty()) return {};
  std::string_view key = request.header("x-api-key");
  if (std::string_view bearer = request.header("authorization"); bearer.starts_with("Bearer ")) key = bearer.substr(7);
  const KeyRules* rules = options_.keys.find(key);
  if (!rules)
    throw Refusal(Code::unauthorized, "give a valid API key in Authorization: Bearer or x-api-key", "",
                  "invalid_api_key");
  return *rules;
}

// Seconds until a refused request may be tried again: a queue's mean wait, or the next day for a budget that is spent.
int Service::retry_after(const Error& error) const {
  auto* refusal = dynamic_cast<const Refusal*>(&error);
  if (refusal && refusal->api_code() == "insufficient_quota") return static_cast<int>(86'400 - unix_seconds() % 86'400);
  double mean = metrics_.mean_seconds() * (1 + static_cast<double>(metrics_.queued) / options_.limits.active);
  return std::clamp(static_cast<int>(std::ceil(mean)), 1, 600);
}

Task<void> Service::handle(const HttpRequest& request, Responder& client) {
  CorsResponder responder(request, client, options_.cors);
  if (responder.preflight()) {
    responder.answer_preflight();
    co_return;
  }
  Entry entry{.service = *this, .request = request, .start = loop_.now()};
  entry.id = fmt::format("{:016x}", mix(next_id_++));
  auto refuse = [&](const Error& error) {
    HttpResponse response{.status = http_status(error.code()), .headers = {{"X-Request-Id", entry.id}}};
    response.body = request.path.starts_with("/v1/messages") ? anthropic_error(error) : openai_error(error);
    if (response.status == 429 || response.status == 503)
      response.headers.emplace_back("Retry-After", std::to_string(retry_after(error)));
    if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    entry.status = response.status;
    if (!responder.started()) responder.send(std::move(response));
  };
  try {
    co_await route(request, responder, entry);
  } catch (const Error& error) {
    refuse(error);
  } catch (const std::exception& error) {
    refuse(Error(Code::internal, fmt::format("internal error: {}", error.what())));
  }
}

Task<void> Service::route(const HttpRequest& request, Responder& responder, Entry& entry) {
  if (request.path == "/health" || request.path == "/v1/health") {
    HttpResponse response = health();
    entry.status = response.status;
    responder.send(std::move(response));
    co_return;
  }
  entry.key = authorise(request);
  if (request.path == "/metrics") {
    if (runs_) runs_->publish();
    entry.status = 200;
    responder.send({.body = metrics_.text(), .content_type = "text/plain; version=0.0.4; charset=utf-8"});
    co_return;
  }
  if (!runs_) throw Refusal(Code::model_unavailable, state_, "", "loading");
  if (draining_) throw Refusal(Code::model_unavailable, "the server is shutting down", "", "draining");
  if (generates(request.path)) {
    if (request.method != "POST") throw Refusal(Code::invalid_request, "use POST", "", "method_not_allowed");
    co_await generate(request, responder, entry);
  } else {
    inspect(request, responder);
    entry.status = 200;
  }
}

void Service::inspect(const HttpRequest& request, Responder& responder) {
  const std::string& path = request.path;
  bool post = request.method == "POST";
  std::string body;
  if (path == "/v1/models" || path.starts_with("/v1/models/")) body = models();
  else if (path == "/props") body = props();
  else if (path == "/slots") body = slots();
  else if (path == "/v1/reckon/policies") body = policies();
  else if (path == "/v1/reckon/estimate" && post) body = estimate(request);
  else if ((path == "/v1/messages/count_tokens" || path == "/tokenize") && post) body = count(request);
  else if (path.starts_with("/v1/reckon/requests/")) body = about_request(request);
  else throw Refusal(Code::not_found, fmt::format("there is no {} {}", request.method, path), "", "unknown_route");
  responder.send({.body = std::move(body)});
}

Task<void> Service::generate(const HttpRequest& request, Responder& responder, Entry& entry) {
  const Capabilities& facts = runs_->model().capabilities();
  ServeLimits limits = options_.limits;
  const Budget& own = entry.key.ceilings;
  limits.seconds = std::min(limits.seconds, own.seconds.value_or(limits.seconds));
  limits.samples = static_cast<int>(std::min<int64_t>(limits.samples, own.samples.value_or(limits.samples)));
  if (own.tokens) limits.tokens = std::min(*own.tokens, limits.tokens.value_or(*own.tokens));
  Ask ask = request.path == "/v1/messages"      ? parse_messages(request, limits, facts)
            : request.path == "/v1/completions" ? parse_completion(request, limits, facts)
                                                : parse_chat(request, limits, facts);
  entry.model = ask.model, entry.policy = ask.strategy;
  int prompt_tokens = runs_->count_tokens(ask);
  Heading heading{entry.id, unix_seconds(), ask, facts.think_open, facts.think_close};
  std::unique_ptr<Surface> surface =
      request.path == "/v1/messages"      ? messages_surface(std::move(heading), responder, prompt_tokens)
      : request.path == "/v1/completions" ? completion_surface(std::move(heading), responder)
                                          : chat_surface(std::move(heading), responder);
  Watcher watcher;
  if (ask.stream) {
    watcher.admitted = [&](const std::string& strategy) {
      responder.begin({{"X-Request-Id", entry.id}, {"X-Reckon-Policy", strategy}});
      surface->start();
    };
    watcher.lead = [&](std::string_view piece) { surface->lead(piece); };
    watcher.event = [&](const Progress::Event& event) { surface->progress(event); };
  }
  try {
    Done done = co_await runs_->run(ask, {entry.id, entry.key}, std::move(watcher));
    entry.status = 200;
    entry.policy = done.run.receipt.strategy;
    entry.tokens = done.run.receipt.usage.computed(), entry.samples = done.run.receipt.samples;
    if (ask.stream) surface->finish(done);
    else
      responder.send({.headers = {{"X-Request-Id", entry.id},
                                  {"X-Reckon-Policy", entry.policy},
                                  {"X-Reckon-Samples", std::to_string(entry.samples)},
                                  {"X-Reckon-Cost", fmt::format("tokens={}", entry.tokens)}},
                      .body = surface->render(done)});
  } catch (const Error& error) {
    if (!responder.started()) throw;
    entry.status = http_status(error.code());
    surface->fail(error);
  }
  if (ask.stream) responder.end();
}

}  // namespace reckon
