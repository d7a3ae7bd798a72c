#include <fmt/format.h>

#include "serve/ask.h"
#include "serve/refusal.h"

// Reading the requests of /v1/messages.
namespace reckon {
namespace {

namespace json = boost::json;

// Calls `read` with the type of each block of a list.
template <class Read>
void for_each_block(Ask& ask, const json::value& content, const std::string& path, Read read) {
  const json::array* blocks = content.if_array();
  if (!blocks) wrong(path, "a string or a list of blocks");
  for (size_t i = 0; i < blocks->size(); ++i) {
    std::string here = fmt::format("{}[{}]", path, i);
    const json::object* object = (*blocks)[i].if_object();
    if (!object) wrong(here, "an object");
    Fields block(*object, here + ".");
    read(block, block.required_text("type"), here);
    block.ignore(&Fields::object, {"cache_control"});
    block.ignore(&Fields::array, {"citations"});
    warn_unknown(ask, block);
  }
}

std::string text_of(Ask& ask, const json::value& content, const std::string& path) {
  if (content.is_string()) return std::string(content.as_string());
  std::string text;
  for_each_block(ask, content, path, [&](Fields& block, const std::string& type, const std::string& here) {
    if (type != "text") unsupported(here, fmt::format("a block of type '{}' in this place", type));
    text += block.required_text("text");
  });
  return text;
}

// A block that only an assistant's turn has. False: it is another one.
bool read_own_block(Ask& ask, Message& said, Fields& block, const std::string& type) {
  if (type == "thinking") {
    said.reasoning += block.required_text("thinking");
    block.ignore(&Fields::text, {"signature"});  // nothing is signed here, and so nothing checked
  } else if (type == "redacted_thinking") {
    block.ignore(&Fields::text, {"data"});
    ask.warnings.push_back(block.path("data") + ": nobody here can read it; the model is not shown it");
  } else if (type == "tool_use") {
    const json::object* input = block.object("input");
    said.tool_calls.push_back({.id = block.text("id").value_or(""),
                               .name = block.required_text("name"),
                               .arguments = input ? json::serialize(*input) : "{}"});
  } else {
    return false;
  }
  return true;
}

// A tool's result has no other place for the word that it failed.
Message read_result(Ask& ask, Fields& block) {
  const json::value* content = block.any("content");
  std::string text = content ? text_of(ask, *content, block.path("content")) : "";
  if (block.flag("is_error").value_or(false)) text = "Error: " + text;
  return {.role = "tool", .content = text, .tool_call_id = block.text("tool_use_id").value_or("")};
}

// One turn: a message, and before it one for each result of a tool.
void read_turn(Ask& ask, const std::string& role, const json::value& content, const std::string& path) {
  Message said{role, ""};
  if (content.is_string()) {
    said.content = content.as_string();
    ask.messages.push_back(std::move(said));
    return;
  }
  size_t before = ask.messages.size();
  for_each_block(ask, content, path, [&](Fields& block, const std::string& type, const std::string& here) {
    if (type == "text") {
      said.content += block.required_text("text");
    } else if (role == "user" && type == "tool_result") {
      if (!said.content.empty()) wrong(here, "before the text of its turn");
      ask.messages.push_back(read_result(ask, block));
    } else if (role != "assistant" || !read_own_block(ask, said, block, type)) {
      unsupported(here, fmt::format("a block of type '{}' of the {}", type, role));
    }
  });
  if (!said.content.empty() || ask.messages.size() == before) ask.messages.push_back(std::move(said));
}

void read_turns(Ask& ask, Fields& fields) {
  if (const json::value* system = fields.any("system"))
    ask.messages.push_back({"system", text_of(ask, *system, "system")});
  const json::array* list = fields.array("messages");
  if (!list || list->empty()) throw Refusal(Api::missing_field, "messages must hold at least one message", "messages");
  for (size_t i = 0; i < list->size(); ++i) {
    std::string here = fmt::format("messages[{}]", i);
    const json::object* object = (*list)[i].if_object();
    if (!object) wrong(here, "an object");
    Fields message(*object, here + ".");
    std::string role = message.text("role").value_or("");
    if (role != "user" && role != "assistant") wrong(here + ".role", "user or assistant");
    const json::value* content = message.any("content");
    if (!content) missing(here + ".content");
    warn_unknown(ask, message);
    read_turn(ask, role, *content, here + ".content");
  }
  if (ask.messages.back().role == "assistant")
    unsupported("messages", "an answer that the last message begins; end with a message of the user");
}

void read_thinking_block(Ask& ask, const json::object* object, const Capabilities& model) {
  if (!object) return;
  Fields thinking(*object, "thinking.");
  std::string type = thinking.text("type").value_or("");
  if (type != "disabled" && type != "enabled" && type != "adaptive")
    wrong("thinking.type", "enabled, adaptive or disabled");
  std::optional<int64_t> budget = thinking.integer("budget_tokens", 1024, 1 << 30);
  if (type == "enabled" && (!budget || *budget >= ask.until.tokens))
    wrong("thinking.budget_tokens", "at least 1024 and less than max_tokens");
  if (type == "disabled") budget = 0;
  if (type != "disabled" || !model.think_open.empty()) limit_thinking(ask, {{"thinking", budget}}, model);
  std::string display = thinking.text("display").value_or("summarized");
  if (display != "omitted" && display != "summarized") wrong("thinking.display", "summarized or omitted");
  ask.hide_reasoning = display == "omitted";
  warn_unknown(ask, thinking);
}

// After the tools and the block of thinking.
void read_output_config(Ask& ask, const json::object* object, const Capabilities& model) {
  if (!object) return;
  Fields config(*object, "output_config.");
  if (auto effort = config.text("effort"))
    limit_thinking(ask, {{config.path("effort"), thinking_of_effort(*effort, config.path("effort"), ask)}}, model);
  read_format(ask, config.object("format"), config.path("format"), model);
  warn_unknown(ask, config);
}

}  // namespace

Ask parse_messages(const HttpRequest& request, const ServeLimits& limits, const Capabilities& model) {
  json::object body = parse_body(request.body);
  Fields fields(body);
  Ask ask;
  choose_compute(ask, fields, request, limits, model);
  const bool counting = request.path == "/v1/messages/count_tokens", limited = fields.any("max_tokens") != nullptr;
  if (!limited && !counting) missing("max_tokens");
  read_sampling(ask, fields, limits, model);
  if (!limited) ask.until.tokens = INT32_MAX;  // only counted
  ask.until.stop = fields.texts("stop_sequences", 16);
  std::erase(ask.until.stop, "");
  ask.stream = fields.flag("stream").value_or(false);
  read_messages_tools(ask, fields, model);
  read_thinking_block(ask, fields.object("thinking"), model);
  read_output_config(ask, fields.object("output_config"), model);
  fields.ignore(&Fields::object, {"metadata", "cache_control"});
  fields.ignore(&Fields::text, {"service_tier", "inference_geo", "user_profile_id"});
  fields.refuse({"container", "mcp_servers", "context_management"}, "it is not there in this version");
  read_turns(ask, fields);
  warn_unknown(ask, fields);
  return ask;
}

}  // namespace reckon
