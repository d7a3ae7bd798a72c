#include <fmt/format.h>

#include "serve/ask.h"
#include "serve/refusal.h"

// Reading the requests of /v1/responses. No response is stored, so what refers to an earlier one is refused.
namespace reckon {
namespace {

namespace json = boost::json;

[[noreturn]] void wrong(const std::string& path, const std::string& must) {
  throw Refusal(Code::invalid_request, fmt::format("{} must be {}", path, must), path, "invalid_value");
}

std::string parts_text(const json::value& content, const std::string& path) {
  if (content.is_string()) return std::string(content.as_string());
  const json::array* parts = content.if_array();
  if (!parts) wrong(path, "a string or a list of parts");
  std::string text;
  for (size_t i = 0; i < parts->size(); ++i) {
    std::string here = fmt::format("{}[{}]", path, i);
    const json::object* part = (*parts)[i].if_object();
    if (!part) wrong(here, "an object");
    Fields fields(*part, here + ".");
    std::string type = fields.text("type").value_or("");
    if (type != "input_text" && type != "output_text" && type != "text")
      unsupported(here, fmt::format("a part of type '{}'", type));
    text += fields.text("text").value_or("");
  }
  return text;
}

void read_item(Ask& ask, const json::value& value, const std::string& here) {
  const json::object* object = value.if_object();
  if (!object) wrong(here, "an object");
  Fields item(*object, here + ".");
  std::string type = item.text("type").value_or("message");
  if (type == "reasoning") {
    ask.warnings.push_back(here + ": reasoning of an earlier turn is not shown to the model");
    return;
  }
  if (type != "message") unsupported(here, fmt::format("an item of type '{}'", type));
  std::string role = item.text("role").value_or("");
  if (role == "developer") role = "system";
  if (role != "system" && role != "user" && role != "assistant")
    wrong(here + ".role", "system, developer, user or assistant");
  const json::value* content = item.any("content");
  if (!content) throw Refusal(Code::invalid_request, here + ".content is missing", here + ".content", "missing_field");
  ask.messages.push_back({role, parts_text(*content, here + ".content")});
}

void read_input(Ask& ask, Fields& fields) {
  if (auto instructions = fields.text("instructions")) ask.messages.push_back({"system", *instructions});
  const json::value* input = fields.any("input");
  if (!input) throw Refusal(Code::invalid_request, "input is missing", "input", "missing_field");
  if (input->is_string()) {
    ask.messages.push_back({"user", std::string(input->as_string())});
    return;
  }
  const json::array* list = input->if_array();
  if (!list || list->empty()) wrong("input", "a string or a list of at least one item");
  for (size_t i = 0; i < list->size(); ++i) read_item(ask, (*list)[i], fmt::format("input[{}]", i));
}

void refuse_what_is_missing(Ask& ask, Fields& fields) {
  if (fields.flag("store").value_or(false)) unsupported("store", "responses are not kept");
  for (const char* name : {"previous_response_id", "conversation", "prompt", "moderation"})
    if (fields.any(name)) unsupported(name, "responses are not kept; send the whole conversation as input");
  if (const json::array* tools = fields.array("tools"); tools && !tools->empty())
    unsupported("tools", "tool calls are not there in this version");
  if (const json::value* choice = fields.any("tool_choice"); choice && *choice != "none" && *choice != "auto")
    unsupported("tool_choice", "tool calls are not there in this version");
  if (auto how = fields.text("truncation"); how && *how != "disabled")
    unsupported("truncation", "a conversation that is too long is refused, never cut");
  if (fields.integer("top_logprobs", 0, 20).value_or(0) > 0) unsupported("top_logprobs", "they are not returned yet");
  if (const json::object* text = fields.object("text")) {
    Fields how(*text, "text.");
    if (const json::object* format = how.object("format")) {
      std::string type = Fields(*format, "text.format.").text("type").value_or("");
      if (type != "text") unsupported("text.format", fmt::format("type '{}' cannot be enforced yet", type));
    }
    how.ignore({"verbosity"});
    warn_unknown(ask, how);
  }
  for (const std::string& wish : fields.texts("include", 16)) {
    if (wish == "message.output_text.logprobs") unsupported("include", "log-probabilities are not returned yet");
    ask.warnings.push_back(fmt::format("include: there is no {} here", wish));
  }
  fields.ignore({"metadata", "service_tier", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
                 "prompt_cache_options", "parallel_tool_calls", "max_tool_calls", "context_management"});
}

}  // namespace

Ask parse_responses(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model) {
  json::object body = parse_body(request.body);
  Fields fields(body);
  Ask ask;
  choose_compute(ask, fields, request, limits, model);
  read_sampling(ask, fields, limits, model);
  if (auto most = fields.integer("max_output_tokens", 1, INT32_MAX)) ask.until.tokens = static_cast<int>(*most);
  read_thinking(ask, fields, model);
  ask.stream = fields.flag("stream").value_or(false);
  ask.background = fields.flag("background").value_or(false);
  ask.resume |= ask.background;
  if (const json::object* object = fields.object("stream_options")) {
    Fields options(*object, "stream_options.");
    options.ignore({"include_obfuscation"});
    warn_unknown(ask, options);
  }
  refuse_what_is_missing(ask, fields);
  read_input(ask, fields);
  for (const char* name : {"instructions", "max_output_tokens", "metadata", "reasoning", "user"})
    if (const json::value* value = fields.any(name)) ask.echo[name] = *value;
  warn_unknown(ask, fields);
  return ask;
}

}  // namespace reckon
