#pragma once
#include <string>

#include <reckon/error.h>

namespace reckon {

// Why a request is not answered, in the words of the API: `param` is the field at fault and `api_code` what a program
// can test; both may be empty.
class Refusal : public Error {
 public:
  Refusal(Code code, const std::string& message, std::string param, std::string api_code = {})
      : Error(code, message), param_(std::move(param)), api_code_(std::move(api_code)) {}
  const std::string& param() const { return param_; }
  const std::string& api_code() const { return api_code_; }

 private:
  std::string param_, api_code_;
};

// Bodies of error responses, in OpenAI's shape and in Anthropic's.
std::string openai_error(const Error& error);
std::string anthropic_error(const Error& error);

}  // namespace reckon
