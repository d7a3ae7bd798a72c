#include <fmt/format.h>

#include "serve/ask.h"
#include "serve/refusal.h"

// Tools and the form of answers, as /v1/chat/completions asks for them.
namespace reckon {
namespace {

namespace json = boost::json;

[[noreturn]] void wrong(const std::string& path, const std::string& must) {
  throw Refusal(Code::invalid_request, fmt::format("{} must be {}", path, must), path, "invalid_value");
}

void keep_only(Ask& ask, const std::string& name) {
  std::erase_if(ask.tools, [&](const Tool& tool) { return tool.name != name; });
  if (ask.tools.empty()) wrong("tool_choice", fmt::format("one of the tools; there is no '{}'", name));
  ask.tool_choice = ToolChoice::required;
}

void read_choice(Ask& ask, Fields& fields) {
  const json::value* choice = fields.any("tool_choice");
  if (!choice) return;
  if (choice->is_string()) {
    std::string_view word = choice->as_string();
    if (word == "none") ask.tool_choice = ToolChoice::none;
    else if (word == "required" || word == "any") ask.tool_choice = ToolChoice::required;
    else if (word != "auto") wrong("tool_choice", "none, auto, required or a function");
    if (ask.tool_choice == ToolChoice::required && ask.tools.empty()) wrong("tools", "given where a call is required");
    return;
  }
  if (!choice->is_object()) wrong("tool_choice", "none, auto, required or a function");
  Fields named(choice->as_object(), "tool_choice.");
  if (named.text("type").value_or("") != "function") unsupported("tool_choice", "only functions can be chosen");
  const json::object* function = named.object("function");
  std::string name =
      function ? Fields(*function, "tool_choice.function.").text("name").value_or("") : named.text("name").value_or("");
  keep_only(ask, name);
}

}  // namespace

Tool read_function(Fields& fields, const char* schema_name) {
  Tool tool{.name = fields.text("name").value_or(""),
            .description = fields.text("description").value_or(""),
            .parameters = {}};
  if (tool.name.empty() || tool.name.size() > 128) wrong(fields.path("name"), "1 to 128 characters");
  const json::object* schema = fields.object(schema_name);
  tool.parameters = schema ? json::serialize(*schema) : R"({"type":"object","properties":{}})";
  return tool;
}

void read_tools(Ask& ask, Fields& fields, const Capabilities& model) {
  if (const json::array* functions = fields.array("functions"); functions && !functions->empty())
    unsupported("functions", "use tools");
  if (const json::value* call = fields.any("function_call"); call && *call != "none" && *call != "auto")
    unsupported("function_call", "use tool_choice");
  if (const json::array* list = fields.array("tools"); list && !list->empty()) {
    if (!model.tools) unsupported("tools", "this model's chat template has no place for them");
    if (list->size() > 128) wrong("tools", "at most 128 tools");
    for (size_t i = 0; i < list->size(); ++i) {
      std::string here = fmt::format("tools[{}]", i);
      const json::object* object = (*list)[i].if_object();
      if (!object) wrong(here, "an object");
      Fields tool(*object, here + ".");
      std::string type = tool.text("type").value_or("");
      if (type != "function") unsupported(here, fmt::format("a tool of type '{}'", type));
      const json::object* function = tool.object("function");
      if (!function) wrong(here + ".function", "an object");
      Fields about(*function, here + ".function.");
      ask.tools.push_back(read_function(about));
    }
  }
  read_choice(ask, fields);
  ask.parallel_tool_calls = fields.flag("parallel_tool_calls").value_or(true);
}

void read_response_format(Ask& ask, Fields& fields, const Capabilities& model) {
  const json::object* object = fields.object("response_format");
  if (!object) return;
  Fields format(*object, "response_format.");
  std::string type = format.text("type").value_or("");
  if (type == "text") return;
  if (!model.grammar) unsupported("response_format", "this model cannot be held to a form");
  if (!ask.tools.empty() && ask.tool_choice != ToolChoice::none)
    unsupported("response_format", "together with tools; give one of them");
  if (type == "json_object") {
    const json::object* schema = format.object("schema");
    ask.json_schema = schema ? json::serialize(*schema) : R"({"type":"object"})";
  } else if (type == "json_schema") {
    const json::object* about = format.object("json_schema");
    if (!about) wrong("response_format.json_schema", "an object");
    Fields named(*about, "response_format.json_schema.");
    const json::object* schema = named.object("schema");
    if (!schema) wrong("response_format.json_schema.schema", "an object");
    ask.json_schema = json::serialize(*schema);
  } else {
    unsupported("response_format", fmt::format("type '{}'", type));
  }
  ask.task = TaskKind::json;
}

}  // namespace reckon
