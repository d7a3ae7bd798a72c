#include <boost/json.hpp>
#include <charconv>

#include "base/parse_exact.h"
#include "serve/refusal.h"
#include "serve/service.h"

// Runs that outlive their client's connection, and reading what they sent again.
namespace reckon {
namespace {

namespace json = boost::json;

// The number of the last event that the client has: of EventSource's header, or of OpenAI's query. -1: none.
int64_t last_seen(const HttpRequest& request) {
  std::string_view text = request.header("last-event-id");
  if (text.empty()) text = request.query_value("starting_after");
  if (text.empty()) return -1;
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0)
    throw Refusal(Api::invalid_value, "Last-Event-ID and starting_after are the number of an event", "starting_after");
  return number;
}

// The response inside an event of /v1/responses.
HttpResponse response_of(HttpResponse event) {
  if (event.status != 200) return event;
  boost::system::error_code wrong;
  json::value data = parse_exact(event.body, wrong);
  const json::value* response = data.as_object().if_contains("response");
  if (!response) throw Refusal(Api::request_not_found, "this request is not one of /v1/responses");
  event.body = json::serialize(*response);
  return event;
}

}  // namespace

Task<void> Service::read_events(Asked asked) {
  auto& [request, responder, entry, id] = asked;
  co_await held_.follow(bare_id(id), entry->key.name, last_seen(request), responder);
  entry->status = 200;
}

Task<void> Service::read_response(Asked asked) {
  if (asked.request.query_value("stream") == "true") co_await read_events(asked);
  else asked.reply(response_of(co_await held_.snapshot(bare_id(asked.id), asked.entry->key.name)));
}

Task<void> Service::generate_apart(const Form& form, AskPtr ask, ModelPool::Lease lease, Responder& responder,
                                   Shared entry) {
  bool listens = std::exchange(ask->stream, true);
  if (!listens && !ask->background)
    throw Refusal(Api::invalid_value, "reckon.stream.resume needs stream: true", "reckon.stream.resume");
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
