#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace reckon {

// Why a run, a request or a command ended without a result. One closed list: exit codes, HTTP statuses and whether a
// retry can help are derived from it, in error.cc, and nowhere else.
enum class Code {
  invalid_request,    // the caller's input is wrong; the message says what and what to do
  not_found,          // a file, model, strategy or request that does not exist
  unauthorized,       // no key, or one that may not do this
  unsupported,        // this model cannot do it; the message names the capability
  overloaded,         // a bounded queue is full
  budget_exhausted,   // a hard ceiling was reached before there was an answer
  deadline_exceeded,  // time ran out before there was an answer
  model_unavailable,  // the model or server cannot be loaded or reached
  environment,        // disk full, no permission, missing program
  cancelled,          // the user or the client went away
  internal,           // a bug in Reckon
};

std::string_view name(Code code);
int exit_code(Code code);  // 0 done, 1 failed run, 2 usage, 3 environment, 130 interrupted
int http_status(Code code);
bool retryable(Code code);

// The one exception: what ends a run. Expected outcomes (no answer found, a verdict) are values, never this.
// `message` is one sentence for a person: what was wrong and what to do about it.
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Code code() const { return code_; }

 private:
  Code code_;
};

}  // namespace reckon
