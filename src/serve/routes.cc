#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "serve/refusal.h"
#include "serve/render.h"
#include "serve/service.h"

#include <reckon/options.h>

// Which method of which path is answered by what.
namespace reckon {
namespace {

constexpr std::string_view kId = "{id}";

// What stands in the place of {id}, empty where `pattern` has none. Nothing: the path is another one.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  size_t at = pattern.find(kId);
  if (at == pattern.npos) return pattern == path ? std::optional(path.substr(path.size())) : std::nullopt;
  std::string_view before = pattern.substr(0, at), after = pattern.substr(at + kId.size());
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after))
    return std::nullopt;
  return path.substr(before.size(), path.size() - before.size() - after.size());
}

}  // namespace

// Where two patterns fit one path the first holds.
std::span<const Service::Route> Service::routes() {
  using S = Service;
  static constexpr Route kRoutes[] = {
      {"POST", "/v1/chat/completions", Needs::model, "OpenAI's chat", &S::generate},
      {"POST", "/v1/completions", Needs::model, "OpenAI's continuation of raw text", &S::generate},
      {"POST", "/v1/responses", Needs::model, "OpenAI's responses", &S::generate},
      {"GET", "/v1/responses/{id}", Needs::model, "one that was asked for with `background: true`", &S::read_response},
      {"POST", "/v1/messages", Needs::model, "Anthropic's messages", &S::generate},
      {"POST", "/v1/messages/count_tokens", Needs::model, "their tokens, without running them", &S::count_tokens},
      {"GET", "/v1/models", Needs::model, "the models with their policies and status", &S::tell<&S::models>},
      {"GET", "/v1/models/{id}", Needs::model, "one of them", &S::tell<&S::one_model>},
      {"GET", "/health", Needs::nothing, "200, or 503 while loading and while shutting down", &S::health},
      {"GET", "/v1/health", Needs::nothing, "the same", &S::health},
      {"GET", "/metrics", Needs::key, "for Prometheus", &S::metrics_text},
      {"GET", "/props", Needs::model, "in llama-server's shape, what is true here; `?model=NAME`", &S::tell<&S::props>},
      {"GET", "/slots", Needs::model, "in llama-server's shape: which places are busy", &S::tell<&S::slots>},
      {"POST", "/tokenize", Needs::model,
       "in llama-server's shape: `content`, `add_special`, `parse_special`, `with_pieces`", &S::tokenize},
      {"POST", "/detokenize", Needs::model, "in llama-server's shape: `tokens`", &S::detokenize},
      {"POST", "/v1/reckon/estimate", Needs::model, "the most that a chat request can cost, without running it",
       &S::estimate},
      {"GET", "/v1/reckon/policies", Needs::model, "names and strategies with their options", &S::tell<&S::policies>},
      {"GET", "/v1/reckon/requests", Needs::model, "those of this key that wait or run", &S::tell<&S::live_requests>},
      {"GET", "/v1/reckon/requests/{id}/events", Needs::model,
       "the events of a resumable stream, after the one in `Last-Event-ID`", &S::read_events},
      {"POST", "/v1/reckon/requests/{id}/answer-now", Needs::model,
       "ends a request of this key; its client gets what there is, or 499 `cancelled` where it still waited",
       &S::tell<&S::end_request>},
      {"GET", "/v1/reckon/requests/{id}", Needs::model, "state, and the receipt of the last 1,000 finished requests",
       &S::tell<&S::about_request>},
      {"DELETE", "/v1/reckon/requests/{id}", Needs::model, "as `answer-now`", &S::tell<&S::end_request>},
  };
  return kRoutes;
}

std::string Service::route_rows() {
  std::string rows;
  for (const Route& route : routes()) rows += fmt::format("| `{} {}` | {} |\n", route.method, route.path, route.help);
  return rows;
}

std::string Service::methods_of(std::string_view path) {
  std::string methods;
  for (const Route& route : routes())
    if (route.path == path)
      methods += (methods.empty() ? "" : ", ") + std::string(route.method) + (route.method == "GET" ? ", HEAD" : "");
  return methods;
}

// Throws Refusal; `entry` knows the route also where it has no such method.
const Service::Route& Service::find_route(Asked& asked) {
  const HttpRequest& request = asked.request;
  std::string_view method = request.method;
  if (method == "HEAD") method = "GET";
  for (const Route& route : routes()) {
    std::optional<std::string_view> id = match(route.path, request.path);
    if (!id) continue;
    asked.entry->route = route.path;
    asked.id = percent_decoded(*id);
    auto found = std::ranges::find_if(
        routes(), [&](const Route& other) { return other.path == route.path && other.method == method; });
    if (found != routes().end()) return *found;
    throw Refusal(Api::method_not_allowed,
                  fmt::format("{} is not a method of {}; use {}", readable(utf8_prefix(request.method, 20)), route.path,
                              methods_of(route.path)));
  }
  std::vector<std::string> paths;
  for (const Route& route : routes()) paths.emplace_back(route.path);
  std::string path = readable(std::string_view(request.path).substr(0, 100));
  throw Refusal(Api::unknown_route, fmt::format("there is no {}{}", path, suggestion(path, paths)));
}

Task<void> Service::route(Asked asked) {
  const Route& route = find_route(asked);
  if (route.needs != Needs::nothing) asked.entry->key = authorise(asked.request);
  if (route.needs == Needs::model) {
    if (!pool_.ready()) throw Refusal(Api::loading, loading_text());
    if (draining_) throw Refusal(Api::draining, "the server is shutting down");
  }
  if (std::string_view encoding = asked.request.header("content-encoding"); !encoding.empty() && encoding != "identity")
    throw Refusal(Api::unsupported_encoding, "send the body as it is, without a Content-Encoding");
  co_await (this->*route.answer)(std::move(asked));
}

}  // namespace reckon
