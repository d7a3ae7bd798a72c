#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "serve/model_state.h"

#include <reckon/budget.h>

namespace reckon {

// The server's counters, as Prometheus reads them. One thread. A dozen numbers and a text of fixed shape: a metrics
// library would be longer than this file.
class Metrics {
 public:
  void answered(const std::string& route, int status) { ++requests_[{route, status}]; }
  void computed(const Usage& usage) { usage_ += usage; }
  // A request that the model answered.
  struct Ran {
    std::string operation, model;   // chat or text_completion
    double seconds = 0;             // from its arrival
    double first = 0;               // until the first token of the lead sample; 0: there was none
    double per_token = 0;           // after the first one, of the longest sample; 0: unknown
    int64_t input = 0, output = 0;  // tokens: of the prompt, and of all samples
  };
  void ran(const Ran& ran);
  void overrun() { ++overruns_; }

  int64_t cancelled = 0, rejected = 0, early_stops = 0, ledger_failures = 0, shallower = 0;
  int active = 0, queued = 0, connections = 0;
  std::vector<ModelState> models;
  double mean_seconds() const { return ran_ > 0 ? seconds_ / static_cast<double>(ran_) : 1; }
  const Usage& usage() const { return usage_; }
  std::string text() const;

 private:
  std::string models_text() const;
  // Histograms in the names, units and buckets of OpenTelemetry's conventions for generative AI, as Prometheus spells
  // them (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/).
  struct Histogram {
    std::vector<int64_t> below;
    int64_t count = 0;
    double sum = 0;
  };
  struct Family {
    const char *name, *help;
    std::vector<double> bounds;
    std::map<std::string, Histogram> series{};  // by labels
    void add(const std::string& labels, double value);
    std::string text() const;
  };
  std::map<std::pair<std::string, int>, int64_t> requests_;
  Usage usage_;
  Family duration_{"gen_ai_server_request_duration_seconds",
                   "Time of requests answered by the model.",
                   {.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92}};
  Family first_{"gen_ai_server_time_to_first_token_seconds",
                "Time to the first token of the lead sample.",
                {.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10}};
  Family per_token_{"gen_ai_server_time_per_output_token_seconds",
                    "Time of each token after the first, of the longest sample.",
                    {.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5}};
  Family tokens_{"gen_ai_client_token_usage",
                 "Tokens of requests by type; output holds those of all samples.",
                 {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864}};
  int64_t ran_ = 0, overruns_ = 0;
  double seconds_ = 0;
};

}  // namespace reckon
