#include <boost/json.hpp>
#include <charconv>

#include "base/parse_exact.h"
#include "serve/refusal.h"
#include "serve/service.h"

// Runs that outlive their client's connection, and reading what they sent again.
namespace reckon {
namespace {

namespace json = boost::json;

constexpr std::string_view kRequests = "/v1/reckon/requests/", kEvents = "/events", kResponses = "/v1/responses/";

// The number of the last event that the client has: of EventSource's header, or of OpenAI's query. -1: none.
int64_t last_seen(const HttpRequest& request) {
  std::string_view text = request.header("last-event-id");
  if (text.empty()) text = request.query_value("starting_after");
  if (text.empty()) return -1;
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0)
    throw Refusal(Code::invalid_request, "Last-Event-ID and starting_after are the number of an event",
                  "starting_after", "invalid_value");
  return number;
}

// The response inside an event of /v1/responses.
HttpResponse response_of(HttpResponse event) {
  if (event.status != 200) return event;
  boost::system::error_code wrong;
  json::value data = parse_exact(event.body, wrong);
  const json::value* response = data.as_object().if_contains("response");
  if (!response) throw Refusal(Code::not_found, "this request is not one of /v1/responses", "", "request_not_found");
  event.body = json::serialize(*response);
  return event;
}

}  // namespace

bool Service::reads_again(const HttpRequest& request) {
  return request.method == "GET" && (request.path.starts_with(kResponses) ||
                                     (request.path.starts_with(kRequests) && request.path.ends_with(kEvents)));
}

Task<void> Service::read_again(const HttpRequest& request, Responder& responder, Shared entry) {
  bool response = request.path.starts_with(kResponses);
  std::string id = request.path.substr(response ? kResponses.size() : kRequests.size());
  if (!response) id.resize(id.size() - kEvents.size());
  id = bare_id(std::move(id));
  if (response && request.query_value("stream") != "true")
    responder.send(response_of(co_await held_.snapshot(id, entry->key.name)));
  else co_await held_.follow(id, entry->key.name, last_seen(request), responder);
  entry->status = 200;
}

Task<void> Service::generate_apart(const Form& form, AskPtr ask, ModelPool::Lease lease, Responder& responder,
                                   Shared entry) {
  bool listens = std::exchange(ask->stream, true);
  if (!listens && !ask->background)
    throw Refusal(Code::invalid_request, "reckon.stream.resume needs stream: true", "reckon.stream.resume",
                  "invalid_value");
  held_.open(entry->id, entry->key.name,
             [&](Responder& memory) { return answer_apart(form, std::move(ask), std::move(lease), memory, entry); });
  if (listens) co_await held_.follow(entry->id, entry->key.name, -1, responder);
  else responder.send(response_of(co_await held_.snapshot(entry->id, entry->key.name)));
}

Task<void> Service::answer_apart(const Form& form, AskPtr ask, ModelPool::Lease lease, Responder& responder,
                                 Shared entry) {
  std::optional<HttpResponse> refused;
  try {
    co_await answer(form, std::move(ask), std::move(lease), responder, entry);
  } catch (const Error& error) {
    refused = refusal(error, *entry);
  } catch (const std::exception& error) {
    refused = refusal(Error(Code::internal, error.what()), *entry);
  }
  if (refused) responder.send(std::move(*refused));
}

}  // namespace reckon
