#include "serve/metrics.h"

#include <fmt/format.h>

namespace reckon {

void Metrics::Histogram::add(double seconds) {
  ++count;
  sum += seconds;
  for (size_t i = 0; i < kBounds.size(); ++i)
    if (seconds <= kBounds[i]) ++below[i];
}

std::string Metrics::Histogram::text(const char* name, const char* help) const {
  std::string text = fmt::format("# HELP {0} {1}\n# TYPE {0} histogram\n", name, help);
  for (size_t i = 0; i < kBounds.size(); ++i)
    text += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, kBounds[i], below[i]);
  return text + fmt::format("{0}_bucket{{le=\"+Inf\"}} {1}\n{0}_sum {2}\n{0}_count {1}\n", name, count, sum);
}

void Metrics::ran(double seconds) { time_.add(seconds); }
void Metrics::first_token(double seconds) { first_.add(seconds); }

std::string Metrics::text() const {
  std::string text;
  auto head = [&](const char* name, const char* type, const char* help) {
    text += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  };
  auto one = [&](const char* name, const char* type, const char* help, auto value) {
    head(name, type, help);
    text += fmt::format("{} {}\n", name, value);
  };
  head("reckon_requests_total", "counter", "Requests by route and status.");
  for (const auto& [key, count] : requests_)
    text += fmt::format("reckon_requests_total{{route=\"{}\",status=\"{}\"}} {}\n", key.first, key.second, count);
  head("reckon_tokens_total", "counter", "Tokens computed, by what they were for; cached ones were not computed.");
  for (auto [kind, count] : {std::pair{"prompt", usage_.prompt}, std::pair{"cached", usage_.cached},
                             std::pair{"selected", usage_.selected}, std::pair{"discarded", usage_.discarded},
                             std::pair{"verifier", usage_.verifier}, std::pair{"probe", usage_.probe}})
    text += fmt::format("reckon_tokens_total{{kind=\"{}\"}} {}\n", kind, count);
  one("reckon_flops_total", "counter", "Floating-point operations of the model.", usage_.flops);
  one("reckon_cancelled_total", "counter", "Requests whose client went away.", cancelled);
  one("reckon_rejected_total", "counter", "Requests refused because the queue was full.", rejected);
  one("reckon_early_stops_total", "counter", "Votes decided before all samples were drawn.", early_stops);
  one("reckon_ledger_overruns_total", "counter", "Requests that computed more than they may: must stay 0.", overruns_);
  one("reckon_ledger_failures_total", "counter", "Receipts that the ledger refused: must stay 0.", ledger_failures);
  one("reckon_requests_active", "gauge", "Requests being computed.", active);
  one("reckon_requests_queued", "gauge", "Requests that wait.", queued);
  one("reckon_connections", "gauge", "Open connections.", connections);
  text += time_.text("gen_ai_server_request_duration_seconds", "Time of requests answered by the model.");
  text += first_.text("gen_ai_server_time_to_first_token_seconds", "Time to the first token of the lead sample.");
  return text;
}

}  // namespace reckon
