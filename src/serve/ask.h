#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/http.h"
#include "serve/fields.h"

#include <reckon/model.h>
#include <reckon/question.h>

namespace reckon {

struct Calibration;
struct StrategyEntry;

// A request of any surface, normalised.
struct Ask {
  std::string model;              // as asked for; echoed
  std::string strategy;           // as make_strategy takes it
  std::vector<Message> messages;  // or:
  std::optional<std::string> prompt;
  std::vector<Tool> tools;  // that the answer may call
  ToolChoice tool_choice = ToolChoice::automatic;
  bool parallel_tool_calls = true;
  std::string json_schema;         // the answer is JSON that it allows; empty: any text
  std::string schema_field;        // that gave it
  Form form;                       // how the answer is written, by the model; see Runs::prepare
  int prompt_tokens = 0;           // the same
  TaskKind task = TaskKind::math;  // how answers are found and compared when there is a vote
  int n = 1;
  Sampling sampling;
  Until until;
  std::optional<uint64_t> seed;
  Budget budget;
  std::optional<double> deadline;  // seconds from the request's arrival, waiting included
  bool refuse_late = false;        // refuse what cannot meet it, instead of answering with what there is by then
  bool stream = false, include_usage = false, progress = false;
  bool resume = false;          // it goes on while its client is away
  bool background = false;      // as resume, and the client of /v1/responses need not wait
  boost::json::object echo{};   // what /v1/responses repeats of its request
  bool hide_reasoning = false;  // it is thought and charged, and not shown
  std::string note;             // for the receipt: what a calibration did to the strategy
  std::vector<std::string> warnings;
  std::vector<KnownFields> known;  // of its objects
  bool voting() const { return !strategy.starts_with("single"); }
};

using AskPtr = std::shared_ptr<Ask>;  // owners: the frames of its request, thousands of which may wait

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
  std::optional<double> price;       // of a draw, in vote flips, for "auto" and adaptive:rule=voc
  // For adaptive strategies where model and task match; null: none. Owners: the limits in force and copies of them.
  std::shared_ptr<const Calibration> calibration{};
};

// "auto", "single", "greedy", "sc8", "bon4", "think2k" or the text of a strategy. Throws Refusal.
std::string strategy_of(const std::string& policy, const ServeLimits& limits);
// Those of builtin_strategies() that strategy_of() takes.
std::vector<StrategyEntry> offered_strategies();
// The names that are listed in /v1/models, with their strategies: those that this server allows, and what is for models
// that think.
struct NamedPolicy {
  std::string name, strategy;
};
std::vector<NamedPolicy> named_policies(const ServeLimits& limits, bool thinks);

// Takes the model's suffix, headers and the reckon{} object into account; body before header before suffix before the
// server's default, and of ceilings the smallest wins.
void choose_compute(Ask& ask, Fields& fields, const HttpRequest& request, const ServeLimits& limits,
                    const Capabilities& model);
// All spellings of a limit of thinking become budget.thinking_tokens, the smallest of them; a model without thinking
// gets a warning. After read_sampling: an effort is a share of what the answer leaves of the sample's tokens.
void read_thinking(Ask& ask, Fields& fields, const Capabilities& model);
// One such limit; none where the model may think as it likes.
struct ThinkingLimit {
  std::string path;
  std::optional<int64_t> tokens;
};
void limit_thinking(Ask& ask, const std::vector<ThinkingLimit>& limits, const Capabilities& model);
// Tokens that an effort ("none" to "max") allows. Throws Refusal for another word.
std::optional<int64_t> thinking_of_effort(const std::string& effort, const std::string& path, const Ask& ask);
// temperature, top_p, top_k, min_p, penalties, logit_bias, seed and the limits of tokens.
void read_sampling(Ask& ask, Fields& fields, const ServeLimits& limits, const Capabilities& model);
// tools, tool_choice and their like, in the shape of each surface; refused where the model has no such thing.
void read_chat_tools(Ask& ask, Fields& fields, const Capabilities& model);
void read_responses_tools(Ask& ask, Fields& fields, const Capabilities& model);
void read_messages_tools(Ask& ask, Fields& fields, const Capabilities& model);
// The text of a message's content: a string, or a list of parts of these types; throws Refusal for anything else.
std::string content_text(Ask& ask, const boost::json::value& content, const std::string& path,
                         std::span<const std::string_view> types);
// `arguments` of a call in the history: a JSON object, as text; throws Refusal for anything else.
std::string read_arguments(Fields& call);
// The form of the answer that the field `where` asks for, if it is there; after the tools.
void read_format(Ask& ask, const boost::json::object* format, const std::string& where, const Capabilities& model);
// Unknown fields become warnings, one for each place; nothing more can be read.
void warn_unknown(Ask& ask, Fields& fields);

Ask parse_chat(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model);
Ask parse_completion(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model);
Ask parse_responses(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model);
Ask parse_messages(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model);

}  // namespace reckon
