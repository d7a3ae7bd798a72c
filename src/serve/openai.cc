#include <fmt/format.h>

#include "serve/ask.h"
#include "serve/refusal.h"

// Reading the requests of /v1/chat/completions and /v1/completions.
namespace reckon {
namespace {

namespace json = boost::json;

constexpr std::string_view kParts[] = {"text", "input_text"};

void read_calls(Ask& ask, Message& said, Fields& message, const std::string& path) {
  const json::array* calls = message.array("tool_calls");
  for (size_t i = 0; calls && i < calls->size(); ++i) {
    std::string here = fmt::format("{}.tool_calls[{}]", path, i);
    const json::object* call = (*calls)[i].if_object();
    if (!call) wrong(here, "an object");
    Fields about(*call, here + ".");
    const json::object* function = about.object("function");
    if (!function) missing(about.path("function"));
    Fields named(*function, here + ".function.");
    said.tool_calls.push_back({about.text("id").value_or(""), named.required_text("name"), read_arguments(named)});
    about.ignore(&Fields::text, {"type"});
    about.ignore(&Fields::any, {"index"});
    warn_unknown(ask, about);
    warn_unknown(ask, named);
  }
}

void read_message(Ask& ask, Fields& message, const std::string& here) {
  std::string role = message.text("role").value_or("");
  if (role == "developer") role = "system";
  if (role != "system" && role != "user" && role != "assistant" && role != "tool")
    wrong(here + ".role", "system, developer, user, assistant or tool");
  Message said{.role = role};
  const json::value* content = message.any("content");
  if (content) said.content = content_text(ask, *content, here + ".content", kParts);
  if (role == "tool") said.tool_call_id = message.text("tool_call_id").value_or("");
  if (role == "assistant") {
    for (const char* name : {"reasoning_content", "reasoning"})
      if (said.reasoning.empty()) said.reasoning = message.text(name).value_or("");
    read_calls(ask, said, message, here);
    message.refuse({"function_call", "audio"}, "use tool_calls, or text");
  }
  if (!content && said.tool_calls.empty() && said.reasoning.empty()) missing(here + ".content");
  message.ignore(&Fields::text, {"name", "refusal"});
  message.ignore(&Fields::array, {"annotations"});
  warn_unknown(ask, message);
  ask.messages.push_back(std::move(said));
}

void read_messages(Ask& ask, Fields& fields) {
  const json::array* list = fields.array("messages");
  if (!list || list->empty()) throw Refusal(Api::missing_field, "messages must hold at least one message", "messages");
  for (size_t i = 0; i < list->size(); ++i) {
    std::string here = fmt::format("messages[{}]", i);
    const json::object* object = (*list)[i].if_object();
    if (!object) wrong(here, "an object");
    Fields message(*object, here + ".");
    read_message(ask, message, here);
  }
}

void read_logprobs(Ask& ask, Fields& fields, const Capabilities& model) {
  bool wanted = fields.flag("logprobs").value_or(false);
  int top = static_cast<int>(fields.integer("top_logprobs", 0, 20).value_or(0));
  if (!wanted && top > 0) throw Refusal(Api::invalid_value, "top_logprobs needs logprobs: true", "top_logprobs");
  if (!wanted) return;
  if (!model.logprobs) unsupported("logprobs", "this model does not tell them");
  ask.sampling.top_logprobs = top;
}

void refuse_what_is_missing(Fields& fields) {
  if (const json::array* modalities = fields.array("modalities"); modalities && *modalities != json::array{"text"})
    unsupported("modalities", "this model writes text");
  fields.refuse({"audio", "prediction", "web_search_options", "moderation", "grammar", "json_schema", "guided_json"},
                "it is not there in this version");
  fields.ignore(&Fields::text, {"user", "service_tier", "safety_identifier", "prompt_cache_key",
                                "prompt_cache_retention", "verbosity"});
  fields.ignore(&Fields::object, {"metadata", "prompt_cache_options"});
  fields.ignore(&Fields::flag, {"store", "cache_prompt"});
}

void read_common(Ask& ask, Fields& fields, const HttpRequest& request, const ServeLimits& limits,
                 const Capabilities& model) {
  choose_compute(ask, fields, request, limits, model);
  read_sampling(ask, fields, limits, model);
  ask.until.stop = fields.texts("stop", 16);
  std::erase(ask.until.stop, "");
  ask.n = static_cast<int>(fields.integer("n", 1, limits.samples).value_or(1));
  ask.stream = fields.flag("stream").value_or(false);
  if (const json::object* object = fields.object("stream_options")) {
    Fields options(*object, "stream_options.");
    ask.include_usage = options.flag("include_usage").value_or(false);
    options.ignore(&Fields::flag, {"include_obfuscation"});
    warn_unknown(ask, options);
  }
  // Several choices are drawn together, whatever the options of single.
  if (ask.n > 1 && ask.strategy == strategy_of("greedy", limits)) ask.sampling.temperature = 0;
}

}  // namespace

Ask parse_chat(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model) {
  json::object body = parse_body(request.body);
  Fields fields(body);
  Ask ask;
  read_common(ask, fields, request, limits, model);
  read_thinking(ask, fields, model);
  read_chat_tools(ask, fields, model);
  read_format(ask, fields.object("response_format"), "response_format", model);
  read_logprobs(ask, fields, model);
  refuse_what_is_missing(fields);
  read_messages(ask, fields);
  warn_unknown(ask, fields);
  return ask;
}

Ask parse_completion(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model) {
  json::object body = parse_body(request.body);
  Fields fields(body);
  Ask ask;
  read_common(ask, fields, request, limits, model);
  if (fields.flag("echo").value_or(false)) unsupported("echo", "the prompt is not repeated");
  if (fields.integer("best_of", 1, 1024).value_or(1) > 1) unsupported("best_of", "choose a policy such as sc8 instead");
  if (auto top = fields.integer("logprobs", 0, 20)) {
    if (!model.logprobs) unsupported("logprobs", "this model does not tell them");
    ask.sampling.top_logprobs = static_cast<int>(*top);
  }
  if (auto suffix = fields.text("suffix"); suffix && !suffix->empty()) unsupported("suffix", "text is continued only");
  fields.ignore(&Fields::text, {"user"});
  fields.ignore(&Fields::flag, {"cache_prompt"});
  fields.refuse({"grammar", "json_schema", "guided_json"}, "it is not there in this version");
  if (const json::value* prompt = fields.any("prompt");
      prompt && prompt->is_array() && !prompt->as_array().empty() && !prompt->as_array().front().is_string())
    unsupported("prompt", "give text, not token ids");
  std::vector<std::string> prompts = fields.texts("prompt", 64);
  if (prompts.empty()) missing("prompt");
  if (prompts.size() > 1) unsupported("prompt", "one prompt a request");
  ask.prompt = std::move(prompts.front());
  warn_unknown(ask, fields);
  return ask;
}

}  // namespace reckon
