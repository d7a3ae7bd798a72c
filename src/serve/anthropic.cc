#include <fmt/format.h>

#include "serve/ask.h"
#include "serve/refusal.h"

// Reading the requests of /v1/messages.
namespace reckon {
namespace {

namespace json = boost::json;

std::string block_text(const json::value& content, const std::string& path) {
  if (content.is_string()) return std::string(content.as_string());
  const json::array* blocks = content.if_array();
  if (!blocks) throw Refusal(Code::invalid_request, path + " must be a string or a list of blocks", path);
  std::string text;
  for (size_t i = 0; i < blocks->size(); ++i) {
    std::string here = fmt::format("{}[{}]", path, i);
    const json::object* block = (*blocks)[i].if_object();
    if (!block) throw Refusal(Code::invalid_request, here + " must be an object", here);
    Fields fields(*block, here + ".");
    std::string type = fields.text("type").value_or("");
    if (type != "text") unsupported(here, fmt::format("a block of type '{}'", type));
    text += fields.text("text").value_or("");
  }
  return text;
}

void read_turns(Ask& ask, Fields& fields) {
  if (const json::value* system = fields.any("system"))
    ask.messages.push_back({"system", block_text(*system, "system")});
  const json::array* list = fields.array("messages");
  if (!list || list->empty())
    throw Refusal(Code::invalid_request, "messages must hold at least one message", "messages", "missing_field");
  for (size_t i = 0; i < list->size(); ++i) {
    std::string here = fmt::format("messages[{}]", i);
    const json::object* object = (*list)[i].if_object();
    if (!object) throw Refusal(Code::invalid_request, here + " must be an object", here);
    Fields message(*object, here + ".");
    std::string role = message.text("role").value_or("");
    if (role != "user" && role != "assistant")
      throw Refusal(Code::invalid_request, here + ".role must be user or assistant", here + ".role");
    const json::value* content = message.any("content");
    if (!content) throw Refusal(Code::invalid_request, here + ".content is missing", here + ".content");
    ask.messages.push_back({role, block_text(*content, here + ".content")});
  }
}

}  // namespace

Ask parse_messages(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model) {
  json::object body = parse_body(request.body);
  Fields fields(body);
  Ask ask;
  choose_compute(ask, fields, request, limits, model);
  if (!fields.any("max_tokens") && request.path != "/v1/messages/count_tokens")
    throw Refusal(Code::invalid_request, "max_tokens is missing", "max_tokens", "missing_field");
  read_sampling(ask, fields, limits, model);
  ask.until.stop = fields.texts("stop_sequences", 16);
  std::erase(ask.until.stop, "");
  ask.stream = fields.flag("stream").value_or(false);
  if (const json::array* tools = fields.array("tools"); tools && !tools->empty())
    unsupported("tools", "tool calls are not there in this version");
  if (fields.any("tool_choice")) unsupported("tool_choice", "tool calls are not there in this version");
  if (const json::object* object = fields.object("thinking")) {
    Fields thinking(*object, "thinking.");
    std::string type = thinking.text("type").value_or("");
    if (type != "disabled" && type != "enabled" && type != "adaptive")
      throw Refusal(Code::invalid_request, "thinking.type must be enabled, adaptive or disabled", "thinking.type");
    std::optional<int64_t> budget = thinking.integer("budget_tokens", 1024, 1 << 30);
    if (type == "enabled" && (!budget || *budget >= ask.until.tokens))
      throw Refusal(Code::invalid_request, "thinking.budget_tokens must be at least 1024 and less than max_tokens",
                    "thinking.budget_tokens");
    if (type == "disabled") budget = 0;
    if (type != "disabled" || !model.think_open.empty()) limit_thinking(ask, {{"thinking", budget}}, model);
  }
  fields.ignore({"metadata", "service_tier"});
  read_turns(ask, fields);
  warn_unknown(ask, fields);
  return ask;
}

}  // namespace reckon
