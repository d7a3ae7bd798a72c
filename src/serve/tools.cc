#include <fmt/format.h>

#include "serve/ask.h"
#include "serve/refusal.h"

// Tools and the form of answers, as each surface asks for them.
namespace reckon {
namespace {

namespace json = boost::json;

void keep_only(Ask& ask, const std::string& name) {
  std::erase_if(ask.tools, [&](const Tool& tool) { return tool.name != name; });
  if (ask.tools.empty()) wrong("tool_choice", fmt::format("one of the tools; there is no '{}'", name));
  ask.tool_choice = ToolChoice::required;
}

void require_call(Ask& ask) {
  ask.tool_choice = ToolChoice::required;
  if (ask.tools.empty()) wrong("tools", "given where a call is required");
}

Tool read_function(Ask& ask, Fields& fields, const char* schema_name) {
  Tool tool{.name = fields.text("name").value_or(""),
            .description = fields.text("description").value_or(""),
            .parameters = {}};
  if (tool.name.empty() || tool.name.size() > 128) wrong(fields.path("name"), "1 to 128 characters");
  const json::object* schema = fields.object(schema_name);
  tool.parameters = schema ? json::serialize(*schema) : R"({"type":"object","properties":{}})";
  fields.ignore(&Fields::flag, {"strict", "eager_input_streaming", "defer_loading"});
  fields.ignore(&Fields::object, {"cache_control"});
  fields.ignore(&Fields::array, {"input_examples", "allowed_callers"});
  warn_unknown(ask, fields);
  return tool;
}

// Tools are all of one type, `only`; `read` takes one apart.
void read_list(Ask& ask, Fields& fields, const Capabilities& model, std::string_view only,
               Tool (*read)(Ask&, Fields&)) {
  const json::array* list = fields.array("tools");
  if (!list || list->empty()) return;
  if (!model.tools) unsupported("tools", "this model's chat template has no place for them");
  if (list->size() > 128) wrong("tools", "at most 128 tools");
  for (size_t i = 0; i < list->size(); ++i) {
    std::string here = fmt::format("tools[{}]", i);
    const json::object* object = (*list)[i].if_object();
    if (!object) wrong(here, "an object");
    Fields tool(*object, here + ".");
    std::string type = tool.text("type").value_or(std::string(only));
    if (type != only) unsupported(here, fmt::format("a tool of type '{}'", type));
    ask.tools.push_back(read(ask, tool));
  }
}

// tool_choice and parallel_tool_calls as OpenAI's two surfaces have them.
void read_choice(Ask& ask, Fields& fields) {
  ask.parallel_tool_calls = fields.flag("parallel_tool_calls").value_or(true);
  const json::value* choice = fields.any("tool_choice");
  if (!choice) return;
  if (choice->is_string()) {
    std::string_view word = choice->as_string();
    if (word == "none") ask.tool_choice = ToolChoice::none;
    else if (word == "required" || word == "any") require_call(ask);
    else if (word != "auto") wrong("tool_choice", "none, auto, required or a function");
    return;
  }
  if (!choice->is_object()) wrong("tool_choice", "none, auto, required or a function");
  Fields named(choice->as_object(), "tool_choice.");
  if (named.required_text("type") != "function") unsupported("tool_choice", "only functions can be chosen");
  if (const json::object* object = named.object("function")) {  // chat completions wrap its name
    Fields function(*object, "tool_choice.function.");
    keep_only(ask, function.required_text("name"));
    warn_unknown(ask, function);
  } else {
    keep_only(ask, named.required_text("name"));
  }
  warn_unknown(ask, named);
}

}  // namespace

std::string read_arguments(Fields& call) {
  std::string arguments = call.text("arguments").value_or("{}");
  boost::system::error_code error;
  if (!json::parse(arguments, error).is_object()) wrong(call.path("arguments"), "a JSON object as a string");
  return arguments;
}

void read_chat_tools(Ask& ask, Fields& fields, const Capabilities& model) {
  if (const json::array* functions = fields.array("functions"); functions && !functions->empty())
    unsupported("functions", "use tools");
  if (const json::value* call = fields.any("function_call"); call && *call != "none" && *call != "auto")
    unsupported("function_call", "use tool_choice");
  read_list(ask, fields, model, "function", [](Ask& to, Fields& tool) {
    const json::object* function = tool.object("function");
    if (!function) wrong(tool.path("function"), "an object");
    Fields about(*function, tool.path("function."));
    warn_unknown(to, tool);
    return read_function(to, about, "parameters");
  });
  read_choice(ask, fields);
}

void read_responses_tools(Ask& ask, Fields& fields, const Capabilities& model) {
  read_list(ask, fields, model, "function",
            [](Ask& to, Fields& tool) { return read_function(to, tool, "parameters"); });
  read_choice(ask, fields);
}

void read_messages_tools(Ask& ask, Fields& fields, const Capabilities& model) {
  read_list(ask, fields, model, "custom",
            [](Ask& to, Fields& tool) { return read_function(to, tool, "input_schema"); });
  const json::object* object = fields.object("tool_choice");
  if (!object) return;
  Fields choice(*object, "tool_choice.");
  ask.parallel_tool_calls = !choice.flag("disable_parallel_tool_use").value_or(false);
  std::string type = choice.text("type").value_or("");
  if (type == "none") ask.tool_choice = ToolChoice::none;
  else if (type == "any") require_call(ask);
  else if (type == "tool") keep_only(ask, choice.required_text("name"));
  else if (type != "auto") wrong("tool_choice.type", "auto, any, tool or none");
  warn_unknown(ask, choice);
}

namespace {

void read_schema_words(Fields& schema) {
  schema.ignore(&Fields::text, {"name", "description"});
  schema.ignore(&Fields::flag, {"strict"});
}

}  // namespace

void read_format(Ask& ask, const json::object* object, const std::string& where, const Capabilities& model) {
  if (!object) return;
  Fields format(*object, where + ".");
  const std::string type = format.required_text("type");
  if (type != "text" && type != "json_object" && type != "json_schema")
    unsupported(where, fmt::format("type '{}'", type));
  const std::string place = format.path(where == "response_format" ? "json_schema.schema" : "schema");
  const json::object* schema = format.object("schema");
  if (const json::object* inner = format.object("json_schema")) {  // chat completions wrap it once more
    Fields named(*inner, format.path("json_schema."));
    schema = named.object("schema");
    read_schema_words(named);
    warn_unknown(ask, named);
  }
  read_schema_words(format);
  warn_unknown(ask, format);
  if (type == "text") return;
  if (!model.grammar) unsupported(where, "this model cannot be held to a form");
  if (!ask.tools.empty() && ask.tool_choice != ToolChoice::none)
    unsupported(where, "together with tools; give one of them");
  if (!schema && type == "json_schema") missing(place);
  ask.json_schema = schema ? json::serialize(*schema) : R"({"type":"object"})";
  ask.schema_field = where;
  ask.task = TaskKind::json;
}

}  // namespace reckon
