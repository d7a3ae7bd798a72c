#include "serve/metrics.h"

#include <fmt/format.h>

namespace reckon {

void Metrics::Family::add(const std::string& labels, double value) {
  Histogram& histogram = series[labels];
  histogram.below.resize(bounds.size());
  ++histogram.count;
  histogram.sum += value;
  for (size_t i = 0; i < bounds.size(); ++i)
    if (value <= bounds[i]) ++histogram.below[i];
}

std::string Metrics::Family::text() const {
  std::string text = fmt::format("# HELP {0} {1}\n# TYPE {0} histogram\n", name, help);
  for (const auto& [labels, histogram] : series) {
    for (size_t i = 0; i < bounds.size(); ++i)
      text += fmt::format("{}_bucket{{{},le=\"{}\"}} {}\n", name, labels, bounds[i], histogram.below[i]);
    text += fmt::format("{0}_bucket{{{1},le=\"+Inf\"}} {2}\n{0}_sum{{{1}}} {3}\n{0}_count{{{1}}} {2}\n", name, labels,
                        histogram.count, histogram.sum);
  }
  return text;
}

namespace {
std::string label(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') escaped += "\\n";
    else escaped += c;
  }
  return escaped;
}
}  // namespace

void Metrics::ran(const Ran& ran) {
  ++ran_;
  seconds_ += ran.seconds;
  std::string labels =
      fmt::format(R"(gen_ai_operation_name="{}",gen_ai_provider_name="reckon",gen_ai_request_model="{}")",
                  ran.operation, label(ran.model));
  duration_.add(labels, ran.seconds);
  if (ran.first > 0) first_.add(labels, ran.first);
  if (ran.per_token > 0) per_token_.add(labels, ran.per_token);
  tokens_.add(labels + R"(,gen_ai_token_type="input")", static_cast<double>(ran.input));
  tokens_.add(labels + R"(,gen_ai_token_type="output")", static_cast<double>(ran.output));
}

// The engines' counters are their own: that they equal the sum of the ledger is for whoever reads both to see.
std::string Metrics::models_text() const {
  std::string text;
  auto family = [&](const char* name, const char* type, const char* help, const auto& lines) {
    text += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
    for (const ModelState& model : models)
      for (const auto& [more, value] : lines(model))
        text += fmt::format("{}{{model=\"{}\"{}}} {}\n", name, label(model.name), more, value);
  };
  using Lines = std::vector<std::pair<const char*, int64_t>>;
  family("reckon_model_loaded", "gauge", "Whether the model is in memory.",
         [](const ModelState& m) { return Lines{{"", m.state == "loaded" || m.state == "unloading"}}; });
  family("reckon_model_loads_total", "counter", "Times that the model was loaded.",
         [](const ModelState& m) { return Lines{{"", m.loads}}; });
  family("reckon_model_requests", "gauge", "Requests of the model, by what they do.",
         [](const ModelState& m) { return Lines{{",state=\"active\"", m.active}, {",state=\"queued\"", m.queued}}; });
  family("reckon_engine_tokens_total", "counter", "Tokens that the engine computed, as it counted them itself.",
         [](const ModelState& m) {
           return Lines{{",kind=\"prompt\"", m.counts.prompt}, {",kind=\"generated\"", m.counts.generated}};
         });
  family("reckon_engine_recomputed_tokens_total", "counter",
         "Prompt tokens that were computed again because KV memory was short.",
         [](const ModelState& m) { return Lines{{"", m.counts.recomputed}}; });
  family("reckon_engine_steps_total", "counter", "Decode steps.",
         [](const ModelState& m) { return Lines{{"", m.counts.steps}}; });
  family("reckon_engine_last_step_timestamp_seconds", "gauge", "When the last decode step that has ended began.",
         [](const ModelState& m) {
           return std::vector{std::pair("", static_cast<double>(m.counts.last_step_ms) / 1000)};
         });
  family("reckon_engine_branches", "gauge", "Live branches.",
         [](const ModelState& m) { return Lines{{"", m.counts.branches}}; });
  family("reckon_engine_kv_cells", "gauge", "Tokens of KV memory.", [](const ModelState& m) {
    return Lines{{",state=\"used\"", m.counts.cells_used}, {",state=\"all\"", m.counts.cells}};
  });
  return text;
}

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
  one("reckon_shallower_total", "counter", "Adaptive votes that drew fewer samples at most, under load.", shallower);
  one("reckon_ledger_failures_total", "counter", "Receipts that the ledger refused: must stay 0.", ledger_failures);
  one("reckon_requests_active", "gauge", "Requests being computed.", active);
  one("reckon_requests_queued", "gauge", "Requests that wait.", queued);
  one("reckon_connections", "gauge", "Open connections.", connections);
  text += models_text();
  for (const Family* family : {&duration_, &first_, &per_token_, &tokens_}) text += family->text();
  return text;
}

}  // namespace reckon
