#pragma once
#include <span>
#include <string>
#include <string_view>

#include <reckon/error.h>

namespace reckon {

// What a program can test: the `code` of an error. refusal.cc has what each means and its status.
enum class Api {
  invalid_json,
  invalid_value,
  missing_field,
  invalid_policy,
  context_length_exceeded,
  unsupported,
  invalid_api_key,
  model_not_found,
  unknown_route,
  request_not_found,
  event_not_found,
  method_not_allowed,
  unsupported_encoding,
  queue_full,
  insufficient_quota,
  receipt_unwritten,
  loading,
  draining,
  model_unavailable,
  ledger_unavailable,
  deadline_unreachable,
};

struct ApiCode {
  Api api;
  std::string_view name;
  Code code;
  int status;
  std::string_view meaning;
};
std::span<const ApiCode> api_codes();

// Why a request is not answered, in the words of the API: `param` is the field at fault, where there is one.
class Refusal : public Error {
 public:
  Refusal(Api api, const std::string& message, std::string param = {});
  Api api() const { return api_; }
  const std::string& param() const { return param_; }

 private:
  Api api_;
  std::string param_;
};

int status_of(const Error& error);
// Bodies of error responses, in OpenAI's shape and in Anthropic's.
std::string openai_error(const Error& error);
std::string anthropic_error(const Error& error, const std::string& request_id);
std::string_view openai_type(int status);
std::string_view anthropic_type(int status);

}  // namespace reckon
