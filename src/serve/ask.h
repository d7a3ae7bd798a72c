#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/http.h"
#include "serve/fields.h"

#include <reckon/model.h>
#include <reckon/question.h>

namespace reckon {

// A request of any surface, normalised.
struct Ask {
  std::string model;              // as asked for; echoed
  std::string strategy;           // as make_strategy takes it
  std::vector<Message> messages;  // or:
  std::optional<std::string> prompt;
  TaskKind task = TaskKind::math;  // how answers are found and compared when there is a vote
  int n = 1;
  Sampling sampling;
  Until until;
  std::optional<uint64_t> seed;
  Budget budget;
  std::optional<double> deadline;  // seconds from the request's arrival, waiting included
  bool refuse_late = false;        // refuse what cannot meet it, instead of answering with what there is by then
  bool stream = false, include_usage = false, progress = false;
  bool resume = false;         // it goes on while its client is away
  bool background = false;     // as resume, and the client of /v1/responses need not wait
  boost::json::object echo{};  // what /v1/responses repeats of its request
  std::vector<std::string> warnings;
  bool voting() const { return !strategy.starts_with("single"); }
};

// What the server is and what a request may ask of it.
struct ServeLimits {
  std::string strategy = "single";   // of a request that names none
  int max_tokens = 1024;             // of each sample, where a request does not say
  int samples = 64;                  // ceiling of samples, and of n
  std::optional<int64_t> tokens;     // ceiling of computed tokens of a request
  double seconds = 600;              // ceiling of a request's time
  int active = 8;                    // requests that run at once
  int queue = 64;                    // requests that wait
  bool shallower_under_load = true;  // adaptive votes draw fewer samples when requests wait
};

// "auto", "single", "greedy", "sc8" or the text of a strategy. Throws Refusal.
std::string strategy_of(const std::string& policy, const ServeLimits& limits);
// The names that are listed in /v1/models.
const std::vector<std::string>& policy_names();

// Takes the model's suffix, headers and the reckon{} object into account; body before header before suffix before the
// server's default, and of ceilings the smallest wins.
void choose_compute(Ask& ask, Fields& fields, const HttpRequest& request, const ServeLimits& limits,
                    const Capabilities& model);
// All spellings of a limit of thinking. A model without thinking gets a warning; on one with thinking it is refused.
void read_thinking(Ask& ask, Fields& fields, const Capabilities& model);
// temperature, top_p, top_k, min_p, repeat_penalty, seed and the limits of tokens.
void read_sampling(Ask& ask, Fields& fields, const ServeLimits& limits);
// Unknown fields become warnings.
void warn_unknown(Ask& ask, const Fields& fields);

// Refuses what the model cannot do: `code` unsupported.
[[noreturn]] void unsupported(const std::string& param, const std::string& what);

Ask parse_chat(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model);
Ask parse_completion(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model);
Ask parse_responses(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model);
Ask parse_messages(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model);

}  // namespace reckon
