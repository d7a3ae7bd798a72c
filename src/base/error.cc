#include <reckon/error.h>

#include <array>

namespace reckon {
namespace {
struct Row {
  Code code;
  std::string_view name;
  int exit, http;
  bool retryable;
};
constexpr std::array kRows{
    Row{Code::invalid_request, "invalid_request", 2, 400, false},
    Row{Code::not_found, "not_found", 2, 404, false},
    Row{Code::unauthorized, "unauthorized", 2, 401, false},
    Row{Code::unsupported, "unsupported", 2, 400, false},
    Row{Code::overloaded, "overloaded", 1, 429, true},
    Row{Code::budget_exhausted, "budget_exhausted", 1, 400, false},
    Row{Code::deadline_exceeded, "deadline_exceeded", 1, 504, true},
    Row{Code::model_unavailable, "model_unavailable", 3, 503, true},
    Row{Code::environment, "environment", 3, 500, false},
    Row{Code::cancelled, "cancelled", 130, 499, false},
    Row{Code::internal, "internal", 1, 500, false},
};
const Row& row(Code code) {
  for (const Row& r : kRows)
    if (r.code == code) return r;
  return kRows.back();
}
}  // namespace

std::string_view name(Code code) { return row(code).name; }
int exit_code(Code code) { return row(code).exit; }
int http_status(Code code) { return row(code).http; }
bool retryable(Code code) { return row(code).retryable; }

}  // namespace reckon
