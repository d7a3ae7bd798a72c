#include "serve/refusal.h"

#include <boost/json.hpp>

namespace reckon {
namespace {

namespace json = boost::json;

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

}  // namespace

std::string openai_error(const Error& error) {
  auto* refusal = dynamic_cast<const Refusal*>(&error);
  json::value param = nullptr;
  if (refusal && !refusal->param().empty()) param = refusal->param();
  std::string_view code = refusal && !refusal->api_code().empty() ? refusal->api_code() : name(error.code());
  return json::serialize(json::object{{"error",
                                       {{"message", error.what()},
                                        {"type", openai_type(http_status(error.code()))},
                                        {"param", param},
                                        {"code", code}}}});
}

std::string anthropic_error(const Error& error) {
  return json::serialize(json::object{
      {"type", "error"}, {"error", {{"type", anthropic_type(http_status(error.code()))}, {"message", error.what()}}}});
}

}  // namespace reckon
