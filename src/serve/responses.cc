#include <fmt/format.h>

#include "serve/ask.h"
#include "serve/refusal.h"

// Reading the requests of /v1/responses. No response is stored, so what refers to an earlier one is refused.
namespace reckon {
namespace {

namespace json = boost::json;

constexpr std::string_view kParts[] = {"input_text", "output_text", "reasoning_text", "text"};

// Items to messages: thinking and calls belong to the turn of the assistant that they are part of.
class Input {
 public:
  explicit Input(Ask& ask) : ask_(ask) {}

  void read(const json::value& value, const std::string& here) {
    const json::object* object = value.if_object();
    if (!object) wrong(here, "an object");
    Fields item(*object, here + ".");
    std::string type = item.text("type").value_or("message");
    if (type == "message") message(item);
    else if (type == "reasoning") reasoning(item, here);
    else if (type == "function_call") call(item);
    else if (type == "function_call_output")
      say({.role = "tool", .content = text(item, "output"), .tool_call_id = item.text("call_id").value_or("")});
    else unsupported(here, fmt::format("an item of type '{}'", type));
    item.ignore(&Fields::text, {"id", "status", "phase", "namespace"});
    warn_unknown(ask_, item);
  }

 private:
  std::string text(Fields& item, const char* name) {
    const json::value* content = item.any(name);
    if (!content) missing(item.path(name));
    return content_text(ask_, *content, item.path(name), kParts);
  }
  void say(Message message) {
    if (message.role == "assistant") message.reasoning = std::move(thought_);
    thought_.clear();
    ask_.messages.push_back(std::move(message));
  }
  void message(Fields& item) {
    std::string role = item.text("role").value_or("");
    if (role == "developer") role = "system";
    if (role != "system" && role != "user" && role != "assistant")
      wrong(item.path("role"), "system, developer, user or assistant");
    say({role, text(item, "content")});
  }
  void reasoning(Fields& item, const std::string& here) {
    item.ignore(&Fields::array, {"summary"});
    item.ignore(&Fields::text, {"encrypted_content"});
    const json::array* parts = item.array("content");
    if (item.text("id").value_or("").starts_with("rs_lead_")) return;  // of a vote: not the answer's own
    if (parts && !parts->empty()) thought_ += content_text(ask_, *parts, item.path("content"), kParts);
    else ask_.warnings.push_back(here + ": reasoning without its text is not shown to the model");
  }
  void call(Fields& item) {
    ToolCall made{item.text("call_id").value_or(""), item.required_text("name"), read_arguments(item)};
    if (ask_.messages.empty() || ask_.messages.back().role != "assistant" || !thought_.empty()) say({"assistant", ""});
    ask_.messages.back().tool_calls.push_back(std::move(made));
  }

  Ask& ask_;
  std::string thought_;  // of the turn that follows
};

void read_input(Ask& ask, Fields& fields) {
  if (auto instructions = fields.text("instructions")) ask.messages.push_back({"system", *instructions});
  const json::value* input = fields.any("input");
  if (!input) missing("input");
  if (input->is_string()) {
    ask.messages.push_back({"user", std::string(input->as_string())});
    return;
  }
  const json::array* list = input->if_array();
  if (!list || list->empty()) wrong("input", "a string or a list of at least one item");
  Input reader(ask);
  for (size_t i = 0; i < list->size(); ++i) reader.read((*list)[i], fmt::format("input[{}]", i));
  if (ask.messages.empty()) wrong("input", "more than reasoning");
}

void refuse_what_is_missing(Fields& fields) {
  if (fields.flag("store").value_or(false)) unsupported("store", "responses are not kept");
  fields.refuse({"previous_response_id", "conversation", "prompt", "moderation"},
                "responses are not kept; send the whole conversation as input");
  if (auto how = fields.text("truncation"); how && *how != "disabled")
    unsupported("truncation", "a conversation that is too long is refused, never cut");
  fields.ignore(&Fields::text, {"service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"});
  fields.ignore(&Fields::object, {"prompt_cache_options"});
  fields.ignore(&Fields::array, {"context_management"});
  fields.integer("max_tool_calls", 0, INT32_MAX);
  fields.ignore(&Fields::any, {"max_tool_calls"});
}

// What the answer's items hold beside their text.
void read_wishes(Ask& ask, Fields& fields, const Capabilities& model) {
  int top = static_cast<int>(fields.integer("top_logprobs", 0, 20).value_or(0));
  bool logprobs = top > 0;
  for (const std::string& wish : fields.texts("include", 16)) {
    if (wish == "message.output_text.logprobs") logprobs = true;
    else ask.warnings.push_back(fmt::format("include: there is no {} here", wish));
  }
  if (logprobs && !model.logprobs) unsupported("top_logprobs", "this model does not tell them");
  if (logprobs) ask.sampling.top_logprobs = top;
}

void read_text(Ask& ask, const json::object* object, const Capabilities& model) {
  if (!object) return;
  Fields text(*object, "text.");
  read_format(ask, text.object("format"), "text.format", model);
  text.ignore(&Fields::text, {"verbosity"});
  warn_unknown(ask, text);
}

}  // namespace

Ask parse_responses(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model) {
  json::object body = parse_body(request.body);
  Fields fields(body);
  Ask ask;
  choose_compute(ask, fields, request, limits, model);
  read_sampling(ask, fields, limits, model);
  read_thinking(ask, fields, model);
  ask.stream = fields.flag("stream").value_or(false);
  ask.background = fields.flag("background").value_or(false);
  ask.resume |= ask.background;
  if (const json::object* object = fields.object("stream_options")) {
    Fields options(*object, "stream_options.");
    options.ignore(&Fields::flag, {"include_obfuscation"});
    warn_unknown(ask, options);
  }
  read_responses_tools(ask, fields, model);
  read_text(ask, fields.object("text"), model);
  read_wishes(ask, fields, model);
  refuse_what_is_missing(fields);
  read_input(ask, fields);
  fields.text("user");  // this and metadata are repeated as they are, so of the right type
  if (const json::object* metadata = fields.object("metadata"))
    for (const auto& [key, value] : *metadata)
      if (!value.is_string()) wrong(fmt::format("metadata.{}", std::string_view(key)), "a string");
  for (const char* name : {"instructions", "max_output_tokens", "metadata", "reasoning", "text", "tool_choice", "tools",
                           "top_logprobs", "user"})
    if (const json::value* value = fields.any(name)) ask.echo[name] = *value;
  warn_unknown(ask, fields);
  return ask;
}

}  // namespace reckon
