// The one file that includes llama.cpp's `common` headers.
#include <chat-auto-parser.h>
#include <chat.h>
#include <json-schema-to-grammar.h>
#include <log.h>

#include <fmt/format.h>

#include <reckon/error.h>

#include "engine/chat_formatter.h"
#include "engine/llama_handles.h"

namespace reckon {
namespace {

std::string trimmed(const std::string& text) {
  size_t begin = text.find_first_not_of(" \n\t"), end = text.find_last_not_of(" \n\t");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

common_chat_msg to_common(const Message& message) {
  common_chat_msg m;
  m.role = message.role;
  m.content = message.content;
  m.reasoning_content = message.reasoning;
  m.tool_call_id = message.tool_call_id;
  for (const ToolCall& call : message.tool_calls) m.tool_calls.push_back({call.name, call.arguments, call.id});
  return m;
}

// What read() needs: the kind of the parser, what the prompt holds of the answer already, and the parser.
std::string write_reader(const common_chat_params& params, const std::string& begun, bool parallel) {
  return fmt::format("{} {:d} {} {}{}", static_cast<int>(params.format), parallel, begun.size(), begun, params.parser);
}

struct Reader {
  common_chat_parser_params params;
  bool parallel = true;  // more than one call is taken
};

Reader read_reader(const std::string& text) {
  Reader reader;
  size_t first = text.find(' '), second = text.find(' ', first + 1), third = text.find(' ', second + 1);
  reader.params.format = static_cast<common_chat_format>(std::stoi(text));
  reader.parallel = text[first + 1] == '1';
  size_t size = std::stoul(text.substr(second + 1));
  reader.params.generation_prompt = text.substr(third + 1, size);
  reader.params.reasoning_format = COMMON_REASONING_FORMAT_NONE;
  reader.params.parser.load(text.substr(third + 1 + size));
  return reader;
}

// The texts that begin a call. None where there is also a regular expression: such calls are read, not held to a form.
std::vector<std::string> fixed_triggers(const common_chat_params& params) {
  std::vector<std::string> words;
  for (const common_grammar_trigger& trigger : params.grammar_triggers) {
    if (trigger.type != COMMON_GRAMMAR_TRIGGER_TYPE_WORD) return {};
    words.push_back(trigger.value);
  }
  return words;
}

// The rule `root` of a grammar, whole; {0, 0} where there is none.
std::pair<size_t, size_t> root_of(const std::string& gbnf) {
  size_t begin = gbnf.starts_with("root ::=") ? 0 : gbnf.find("\nroot ::=");
  if (begin == std::string::npos) return {0, 0};
  if (begin > 0) ++begin;
  return {begin, std::min(gbnf.find('\n', begin), gbnf.size()) - begin};
}

// The grammar of a required call allows text before it, without end; that of a possible one begins with the call, and
// may leave it out. The rules of the one under the root of the other do neither.
std::string only_calls(std::string required, const std::string& possible) {
  auto [from, length] = root_of(required);
  auto [begin, size] = root_of(possible);
  return length > 0 && size > 0 ? required.replace(from, length, possible, begin, size) : possible;
}

// Whether llama.cpp has code of its own for this template, which may change the messages.
bool has_own_code(const std::string& source) {
  common_chat_template text(source, "", "");
  autoparser::generation_params params;
  params.messages = common_json::array();
  params.messages.push_back(common_json{{"role", "user"}, {"content", "2+2?"}});
  try {
    return common_chat_try_specialized_template(text, source, params).has_value();
  } catch (const std::exception&) {
    return true;
  }
}

class CommonChatFormatter : public ChatFormatter {
 public:
  explicit CommonChatFormatter(const llama_model* model) {
    common_log_set_verbosity_thold(-1);  // a library does not print
    try {
      templates_ = common_chat_templates_init(model, "");
      common_chat_params params = apply({.messages = {{"user", "2+2?"}}}, Part::all);
      prompt_alone_ = !has_own_code(common_chat_templates_source(templates_.get())) &&
                      common_chat_templates_source(templates_.get(), "tool_use").empty();
      think_open_ = params.thinking_start_tag;
      if (!params.thinking_end_tags.empty()) think_close_ = params.thinking_end_tags.front();
      think_first_ = !think_open_.empty() && trimmed(params.generation_prompt).ends_with(trimmed(think_open_));
      std::map<std::string, bool> can = common_chat_templates_get_caps(templates_.get());
      tools_ = can["supports_tools"] && can["supports_tool_calls"];
      visible_ = params.preserved_tokens;
      visible_.push_back(think_open_), visible_.push_back(think_close_);
    } catch (const std::exception& error) {
      // Raw text still works; format() says what is wrong when messages come.
      failure_ = error.what();
    }
  }

  std::string format(const Prompt& prompt) const override { return applied(prompt, Part::prompt).prompt; }

  Form form(const Prompt& prompt) const override {
    if (!prompt.json_schema.empty()) return {.grammar = {.gbnf = schema_grammar(prompt.json_schema)}};
    if (!tools_) throw Error(Code::unsupported, "the model's chat template has no place for tools");
    Prompt possible = prompt;
    if (prompt.tool_choice == ToolChoice::required) possible.tool_choice = ToolChoice::automatic;
    common_chat_params params = applied(possible, Part::all);
    std::vector<std::string> triggers = fixed_triggers(params);
    if (prompt.tool_choice == ToolChoice::required) {
      common_chat_params required = applied(prompt, Part::all);
      if (triggers.empty()) params = required;
      else params.grammar = only_calls(required.grammar, params.grammar);
    }

    std::string begun = params.generation_prompt;
    if (!think_open_.empty()) begun = begun.substr(0, begun.find(trimmed(think_open_)));
    Form form{.stop = params.additional_stops,
              .tools = true,
              .reader = write_reader(params, begun, prompt.parallel_tool_calls)};
    if (params.grammar.empty()) return form;
    if (!params.grammar_lazy) form.grammar = {.gbnf = params.grammar, .begun = begun};
    else if (!triggers.empty()) form.grammar = {.gbnf = params.grammar};
    if (prompt.tool_choice != ToolChoice::required) form.grammar.triggers = triggers;
    return form;
  }

  Turn read(const Form& form, std::string_view text, bool cut) const override {
    Turn turn{.content = std::string(text)};
    if (form.reader.empty()) return turn;
    LlamaGuard guard;
    try {
      Reader reader = read_reader(form.reader);
      common_chat_msg message = common_chat_parse(turn.content, cut, reader.params);
      turn.content = message.content;
      for (const common_chat_tool_call& call : message.tool_calls)
        turn.tool_calls.push_back({.id = call.id, .name = call.name, .arguments = call.arguments});
      // The grammar of some templates allows more calls than were asked for.
      if (!reader.parallel && turn.tool_calls.size() > 1) turn.tool_calls.resize(1);
    } catch (const std::exception&) {
      return {.content = std::string(text)};  // not in the form that the template asks for: said as it is
    }
    return turn;
  }

  const std::string& think_open() const override { return think_open_; }
  const std::string& think_close() const override { return think_close_; }
  bool think_first() const override { return think_first_; }
  bool tools() const override { return tools_; }
  const std::vector<std::string>& visible() const override { return visible_; }

 private:
  // Of what llama.cpp finds out. All: it renders the template some thirty times, to see what calls and thinking look
  // like.
  enum class Part { prompt, all };

  static std::string schema_grammar(const std::string& schema) {
    try {
      return json_schema_to_grammar(common_json::parse(schema));
    } catch (const std::exception& error) {
      throw Error(Code::invalid_request, fmt::format("the JSON schema cannot be held to: {}", error.what()));
    }
  }

  common_chat_params applied(const Prompt& prompt, Part part) const {
    if (!failure_.empty())
      throw Error(Code::unsupported, fmt::format("the model's chat template cannot be used: {}", failure_));
    try {
      return apply(prompt, part);
    } catch (const std::exception& error) {
      throw Error(Code::invalid_request, fmt::format("the chat template refuses these messages: {}", error.what()));
    }
  }

  common_chat_params apply(const Prompt& prompt, Part part) const {
    LlamaGuard guard;
    common_chat_templates_inputs inputs;
    inputs.use_jinja = true;
    inputs.add_generation_prompt = true;
    inputs.force_pure_content = part == Part::prompt && prompt_alone_;
    for (const Message& message : prompt.messages) inputs.messages.push_back(to_common(message));
    for (const Tool& tool : prompt.tools) inputs.tools.push_back({tool.name, tool.description, tool.parameters});
    inputs.parallel_tool_calls = prompt.parallel_tool_calls;
    inputs.tool_choice = prompt.tool_choice == ToolChoice::none       ? COMMON_CHAT_TOOL_CHOICE_NONE
                         : prompt.tool_choice == ToolChoice::required ? COMMON_CHAT_TOOL_CHOICE_REQUIRED
                                                                      : COMMON_CHAT_TOOL_CHOICE_AUTO;
    return common_chat_templates_apply(templates_.get(), inputs);
  }

  common_chat_templates_ptr templates_;
  std::string failure_, think_open_, think_close_;
  bool think_first_ = false, tools_ = false;
  bool prompt_alone_ = false;  // it can be had without the rest
  std::vector<std::string> visible_;
};

}  // namespace

std::unique_ptr<ChatFormatter> make_chat_formatter(const llama_model* model) {
  return std::make_unique<CommonChatFormatter>(model);
}

}  // namespace reckon
