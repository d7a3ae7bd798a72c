#include <fmt/format.h>

#include "serve/ask.h"
#include "serve/refusal.h"

// Reading the requests of /v1/chat/completions and /v1/completions.
namespace reckon {
namespace {

namespace json = boost::json;

constexpr std::string_view kParts[] = {"text", "input_text"};

void read_calls(Message& said, Fields& message, const std::string& path) {
  const json::array* calls = message.array("tool_calls");
  for (size_t i = 0; calls && i < calls->size(); ++i) {
    std::string here = fmt::format("{}.tool_calls[{}]", path, i);
    const json::object* call = (*calls)[i].if_object();
    const json::value* function = call ? call->if_contains("function") : nullptr;
    if (!function || !function->is_object()) wrong(here + ".function", "an object");
    Fields about(*call, here + "."), named(function->as_object(), here + ".function.");
    said.tool_calls.push_back({about.text("id").value_or(""), named.text("name").value_or(""), read_arguments(named)});
  }
}

std::vector<Message> read_messages(Fields& fields) {
  const json::array* list = fields.array("messages");
  if (!list || list->empty())
    throw Refusal(Code::invalid_request, "messages must hold at least one message", "messages", "missing_field");
  std::vector<Message> messages;
  for (size_t i = 0; i < list->size(); ++i) {
    std::string here = fmt::format("messages[{}]", i);
    const json::object* object = (*list)[i].if_object();
    if (!object) wrong(here, "an object");
    Fields message(*object, here + ".");
    std::string role = message.text("role").value_or("");
    if (role == "developer") role = "system";
    if (role != "system" && role != "user" && role != "assistant" && role != "tool")
      wrong(here + ".role", "system, developer, user, assistant or tool");
    const json::value* content = message.any("content");
    Message& said =
        messages.emplace_back(Message{role, content ? content_text(*content, here + ".content", kParts) : ""});
    if (role == "tool") said.tool_call_id = message.text("tool_call_id").value_or("");
    if (role != "assistant") continue;
    for (const char* name : {"reasoning_content", "reasoning"})
      if (said.reasoning.empty()) said.reasoning = message.text(name).value_or("");
    read_calls(said, message, here);
  }
  return messages;
}

void read_logprobs(Ask& ask, Fields& fields, const Capabilities& model) {
  bool wanted = fields.flag("logprobs").value_or(false);
  int top = static_cast<int>(fields.integer("top_logprobs", 0, 20).value_or(0));
  if (!wanted && top > 0)
    throw Refusal(Code::invalid_request, "top_logprobs needs logprobs: true", "top_logprobs", "invalid_value");
  if (!wanted) return;
  if (!model.logprobs) unsupported("logprobs", "this model does not tell them");
  ask.sampling.top_logprobs = top;
}

void refuse_what_is_missing(Fields& fields) {
  if (const json::array* modalities = fields.array("modalities"); modalities && *modalities != json::array{"text"})
    unsupported("modalities", "this model writes text");
  for (const char* name : {"audio", "prediction", "web_search_options", "grammar", "json_schema", "guided_json"})
    if (fields.any(name)) unsupported(name, "it is not there in this version");
  fields.ignore({"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "cache_prompt",
                 "verbosity"});
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
    options.ignore({"include_obfuscation"});
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
  ask.messages = read_messages(fields);
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
  fields.ignore({"user", "cache_prompt"});
  if (const json::value* prompt = fields.any("prompt");
      prompt && prompt->is_array() && !prompt->as_array().empty() && !prompt->as_array().front().is_string())
    unsupported("prompt", "give text, not token ids");
  std::vector<std::string> prompts = fields.texts("prompt", 64);
  if (prompts.empty()) throw Refusal(Code::invalid_request, "prompt is missing", "prompt", "missing_field");
  if (prompts.size() > 1) unsupported("prompt", "one prompt a request");
  ask.prompt = std::move(prompts.front());
  warn_unknown(ask, fields);
  return ask;
}

}  // namespace reckon
