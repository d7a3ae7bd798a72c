#include "serve/refusal.h"
#include "serve/render.h"

// Responses of /v1/messages: blocks of thinking, text and calls of tools, one after the other.
namespace reckon {
namespace {

namespace json = boost::json;

// The arguments of a call as the object that this surface has; what is none stays readable in one.
json::object input_of(const ToolCall& call) {
  boost::system::error_code error;
  json::value arguments = json::parse(call.arguments, error);
  return arguments.is_object() ? arguments.as_object() : json::object{{"arguments", call.arguments}};
}

class Messages : public Surface {
 public:
  Messages(Heading heading, Responder& responder)
      : heading_(std::move(heading)), responder_(responder), live_(heading_.live_text()) {}

  std::string render(const Done& done) override {
    const Choice& choice = done.choices.front();
    json::array content;
    if (!choice.reasoning.empty() && !heading_.ask.hide_reasoning) content.push_back(thinking_block(choice.reasoning));
    if (!choice.content.empty() || choice.tool_calls.empty())
      content.push_back({{"type", "text"}, {"text", choice.content}});
    for (const ToolCall& call : choice.tool_calls) content.push_back(call_block(call, input_of(call)));
    json::object body = message(done);
    body["content"] = std::move(content);
    body["usage"] = usage(done);
    body["reckon"] = reckon_object(heading_.ask, done);
    if (!done.warnings.empty()) body["warnings"] = json::value_from(done.warnings);
    return json::serialize(body);
  }

  void start() override {
    json::object begun = envelope();
    begun["stop_reason"] = nullptr;
    begun["stop_sequence"] = nullptr;
    begun["content"] = json::array{};
    begun["usage"] = {{"input_tokens", heading_.prompt_tokens}, {"output_tokens", 0}};
    send({{"type", "message_start"}, {"message", std::move(begun)}});
    send({{"type", "ping"}});
  }

  // With a vote the text follows when it is decided: this surface has no place for a sample that may lose.
  void text(size_t, std::string_view piece) override {
    if (!heading_.ask.voting()) say(live_.feed(piece));
  }
  void progress(const Progress::Event&) override {
    if (heading_.ask.voting()) send({{"type", "ping"}});
  }

  void finish(const Done& done) override {
    const Choice& choice = done.choices.front();
    say(live_.rest(choice));
    if (choice.tool_calls.empty() && open_ != Kind::text) open(Kind::text);  // there is always a text, or a call
    close();
    for (const ToolCall& call : choice.tool_calls) {
      send({{"type", "content_block_start"}, {"index", index_}, {"content_block", call_block(call, {})}});
      delta({{"type", "input_json_delta"}, {"partial_json", json::serialize(input_of(call))}});
      send({{"type", "content_block_stop"}, {"index", index_++}});
    }
    json::object ended = message(done);
    json::object last{{"type", "message_delta"},
                      {"delta", {{"stop_reason", ended["stop_reason"]}, {"stop_sequence", ended["stop_sequence"]}}},
                      {"usage", usage(done)},
                      {"reckon", reckon_object(heading_.ask, done)}};
    if (!done.warnings.empty()) last["warnings"] = json::value_from(done.warnings);
    send(std::move(last));
    send({{"type", "message_stop"}});
  }

  void fail(const Error& error) override { responder_.event(anthropic_error(error, heading_.id), "error"); }

 private:
  enum class Kind { none, thinking, text };

  // Nothing is signed here: what a client sends back is taken as it is, and the signature that clients keep is empty.
  static json::object thinking_block(const std::string& text) {
    return {{"type", "thinking"}, {"thinking", text}, {"signature", ""}};
  }
  static json::object call_block(const ToolCall& call, json::object input) {
    return {{"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", std::move(input)}};
  }
  json::object envelope() const {
    return {{"id", "msg_" + heading_.id}, {"type", "message"}, {"role", "assistant"}, {"model", heading_.ask.model}};
  }
  static const char* stop_reason(const Choice& choice) {
    if (choice.finish == Finish::length || choice.finish == Finish::budget) return "max_tokens";
    if (!choice.tool_calls.empty()) return "tool_use";
    return choice.stop.empty() ? "end_turn" : "stop_sequence";
  }
  json::object message(const Done& done) const {
    const Choice& choice = done.choices.front();
    json::object body = envelope();
    body["stop_reason"] = stop_reason(choice);
    body["stop_sequence"] = choice.stop.empty() ? json::value(nullptr) : json::value(choice.stop);
    return body;
  }
  json::object usage(const Done& done) const {
    return {{"input_tokens", heading_.prompt_tokens}, {"output_tokens", tokens_of(done).output}};
  }

  void say(const LiveText::Parts& parts) {
    if (!parts.reasoning.empty()) {
      open(Kind::thinking);
      delta({{"type", "thinking_delta"}, {"thinking", parts.reasoning}});
    }
    if (!parts.content.empty()) {
      open(Kind::text);
      delta({{"type", "text_delta"}, {"text", parts.content}});
    }
  }
  // Blocks follow one another: opening one closes the one before it.
  void open(Kind kind) {
    if (open_ == kind) return;
    close();
    open_ = kind;
    json::object block = kind == Kind::thinking ? thinking_block("") : json::object{{"type", "text"}, {"text", ""}};
    send({{"type", "content_block_start"}, {"index", index_}, {"content_block", std::move(block)}});
  }
  void close() {
    if (open_ == Kind::none) return;
    if (open_ == Kind::thinking) delta({{"type", "signature_delta"}, {"signature", ""}});
    send({{"type", "content_block_stop"}, {"index", index_++}});
    open_ = Kind::none;
  }
  void delta(json::object what) {
    send({{"type", "content_block_delta"}, {"index", index_}, {"delta", std::move(what)}});
  }
  void send(json::object event) {
    std::string kind(event["type"].as_string());
    responder_.event(json::serialize(event), kind);
  }

  Heading heading_;
  Responder& responder_;
  LiveText live_;
  Kind open_ = Kind::none;
  int64_t index_ = 0;  // of the open block, or the next
};

}  // namespace

std::unique_ptr<Surface> messages_surface(Heading heading, Responder& responder) {
  return std::make_unique<Messages>(std::move(heading), responder);
}

}  // namespace reckon
