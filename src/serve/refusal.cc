#include "serve/refusal.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "serve/render.h"

namespace reckon {
namespace {

namespace json = boost::json;

constexpr ApiCode kCodes[] = {
    {Api::invalid_json, "invalid_json", Code::invalid_request, 400, "the body is not one JSON object"},
    {Api::invalid_value, "invalid_value", Code::invalid_request, 400, "of the field in `param`"},
    {Api::missing_field, "missing_field", Code::invalid_request, 400, "the one in `param`"},
    {Api::invalid_policy, "invalid_policy", Code::invalid_request, 400, "there is no such policy, or not here"},
    {Api::context_length_exceeded, "context_length_exceeded", Code::invalid_request, 400,
     "the prompt does not fit the model's context"},
    {Api::unsupported, "unsupported", Code::unsupported, 400, "the model or this version cannot do it"},
    {Api::invalid_api_key, "invalid_api_key", Code::unauthorized, 401, "there is no key, or a wrong one"},
    {Api::model_not_found, "model_not_found", Code::not_found, 404, "`/v1/models` lists those that are there"},
    {Api::unknown_route, "unknown_route", Code::not_found, 404, "there is no such path"},
    {Api::request_not_found, "request_not_found", Code::not_found, 404, "this key has no request of this id"},
    {Api::event_not_found, "event_not_found", Code::not_found, 404, "the stream's event is not kept, or not there yet"},
    {Api::method_not_allowed, "method_not_allowed", Code::invalid_request, 405, "`Allow` has the path's methods"},
    {Api::unsupported_encoding, "unsupported_encoding", Code::unsupported, 415, "the body is compressed"},
    {Api::queue_full, "queue_full", Code::overloaded, 429, "too many requests or kept streams; `Retry-After`"},
    {Api::insufficient_quota, "insufficient_quota", Code::overloaded, 429,
     "the key's budget is spent; `Retry-After` until the next day"},
    {Api::receipt_unwritten, "ledger_unavailable", Code::environment, 500, "the receipt could not be written"},
    {Api::loading, "loading", Code::model_unavailable, 503, "the server has just started; `Retry-After`"},
    {Api::draining, "draining", Code::model_unavailable, 503, "the server is shutting down; `Retry-After`"},
    {Api::model_unavailable, "model_unavailable", Code::model_unavailable, 503,
     "the model cannot be loaded; `Retry-After`"},
    {Api::ledger_unavailable, "ledger_unavailable", Code::model_unavailable, 503,
     "the ledger cannot be written; `Retry-After`"},
    {Api::deadline_unreachable, "deadline_unreachable", Code::deadline_exceeded, 504,
     "`reckon.deadline_ms` cannot be met"},
};

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kCodes); ++i)
    if (kCodes[i].api != static_cast<Api>(i)) return false;
  return true;
}
static_assert(in_order());

// One sentence of bounded length, whatever of the request it quotes.
std::string sentence(std::string_view text) {
  constexpr size_t kMost = 400;
  std::string said = readable(utf8_prefix(text, kMost));
  for (char& c : said)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return text.size() > kMost ? said + "..." : said;
}

// what() ends at the first NUL.
std::string without_nul(std::string text) {
  std::ranges::replace(text, '\0', ' ');
  return text;
}

const ApiCode& row(Api api) { return kCodes[static_cast<size_t>(api)]; }

}  // namespace

std::span<const ApiCode> api_codes() { return kCodes; }

Refusal::Refusal(Api api, const std::string& message, std::string param)
    : Error(row(api).code, without_nul(message)), api_(api), param_(std::move(param)) {}

int status_of(const Error& error) {
  auto* refusal = dynamic_cast<const Refusal*>(&error);
  return refusal ? row(refusal->api()).status : http_status(error.code());
}

std::string_view openai_type(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 404: return "not_found_error";
    case 429: return "rate_limit_error";
    default: return status < 500 ? "invalid_request_error" : "server_error";
  }
}

std::string_view anthropic_type(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 404: return "not_found_error";
    case 429: return "rate_limit_error";
    case 503: return "overloaded_error";
    case 504: return "timeout_error";
    default: return status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string openai_error(const Error& error) {
  auto* refusal = dynamic_cast<const Refusal*>(&error);
  json::value param = nullptr;
  if (refusal && !refusal->param().empty()) param = sentence(refusal->param());
  return json::serialize(json::object{{"error",
                                       {{"message", sentence(error.what())},
                                        {"type", openai_type(status_of(error))},
                                        {"param", param},
                                        {"code", refusal ? row(refusal->api()).name : name(error.code())}}}});
}

std::string anthropic_error(const Error& error, const std::string& request_id) {
  return json::serialize(
      json::object{{"type", "error"},
                   {"error", {{"type", anthropic_type(status_of(error))}, {"message", sentence(error.what())}}},
                   {"request_id", request_id}});
}

}  // namespace reckon
