#include "serve/refusal.h"
#include "serve/render.h"

// Responses of /v1/responses: a reasoning item where there is something to show, then the message, or calls of
// functions.
namespace reckon {
namespace {

namespace json = boost::json;

// Events have log-probabilities in another shape than the text that they are of.
json::array without_bytes(json::array tokens) {
  for (json::value& token : tokens) {
    token.as_object().erase("bytes");
    for (json::value& other : token.at("top_logprobs").as_array()) other.as_object().erase("bytes");
  }
  return tokens;
}

class Responses : public Surface {
 public:
  Responses(Heading heading, Responder& responder)
      : heading_(std::move(heading)), responder_(responder), live_(heading_.live_text()) {}

  std::string render(const Done& done) override {
    const Choice& choice = done.choices.front();
    drawn_ = logprobs(choice);
    if (!choice.reasoning.empty() && !heading_.ask.hide_reasoning)
      output_.push_back(item(Kind::reasoning, "completed", choice.reasoning));
    if (!choice.content.empty() || choice.tool_calls.empty())
      output_.push_back(item(Kind::message, status(done), choice.content));
    for (const ToolCall& call : choice.tool_calls) output_.push_back(call_item(call, "completed"));
    return json::serialize(finished(done));
  }

  void start() override {
    send({{"type", "response.created"}, {"response", response("in_progress")}});
    send({{"type", "response.in_progress"}, {"response", response("in_progress")}});
  }

  // As in chat: with a vote the text of the lead sample is reasoning, and only the winner's is the message.
  void text(size_t, std::string_view piece) override {
    if (!heading_.ask.voting()) say(live_.feed(piece));
    else if (!heading_.ask.hide_reasoning) say(Kind::lead, piece);
  }

  void progress(const Progress::Event& event) override {
    if (heading_.ask.progress) send({{"type", "reckon.progress"}, {"progress", progress_object(event)}});
  }

  void finish(const Done& done) override {
    const Choice& choice = done.choices.front();
    drawn_ = logprobs(choice);
    say(live_.rest(choice));
    if (choice.tool_calls.empty()) open(Kind::message);  // also of an empty text
    close(status(done));
    for (const ToolCall& call : choice.tool_calls) say(call);
    const char* kind = complete(done) ? "response.completed" : "response.incomplete";
    send({{"type", kind}, {"response", finished(done)}});
  }

  void fail(const Error& error) override {
    json::object body = response("failed");
    body["error"] = {{"code", "server_error"}, {"message", error.what()}};
    send({{"type", "response.failed"}, {"response", std::move(body)}});
  }

 private:
  enum class Kind { none, lead, reasoning, message };

  static bool complete(const Done& done) {
    Finish finish = done.choices.front().finish;
    return finish != Finish::length && finish != Finish::budget;
  }
  static const char* status(const Done& done) { return complete(done) ? "completed" : "incomplete"; }

  // The id tells what a sample that may have lost said from the thinking of the answer.
  std::string id(Kind kind) const {
    return (kind == Kind::message ? "msg_" : kind == Kind::lead ? "rs_lead_" : "rs_") + heading_.id;
  }
  json::array logprobs(const Choice& choice) const {
    json::value all = chat_logprobs(heading_.ask, choice);
    return all.is_object() ? all.at("content").as_array() : json::array{};
  }

  // An item with its text; a growing one has an empty content.
  json::object item(Kind kind, const char* status, const std::optional<std::string>& text) const {
    json::array content;
    if (text) content.push_back(part(kind, *text));
    if (kind != Kind::message)
      return {{"id", id(kind)},
              {"type", "reasoning"},
              {"summary", json::array{}},
              {"content", content},
              {"status", status}};
    return {{"id", id(kind)}, {"type", "message"}, {"role", "assistant"}, {"content", content}, {"status", status}};
  }
  json::object part(Kind kind, const std::string& text) const {
    if (kind != Kind::message) return {{"type", "reasoning_text"}, {"text", text}};
    return {{"type", "output_text"}, {"text", text}, {"annotations", json::array{}}, {"logprobs", drawn_}};
  }
  json::object call_item(const ToolCall& call, const char* status) const {
    return {{"id", "fc_" + call.id}, {"type", "function_call"},     {"call_id", call.id},
            {"name", call.name},     {"arguments", call.arguments}, {"status", status}};
  }

  json::object response(const char* status) const {
    const Ask& ask = heading_.ask;
    json::object body{{"id", "resp_" + heading_.id},
                      {"object", "response"},
                      {"created_at", heading_.created},
                      {"status", status},
                      {"background", ask.background},
                      {"error", nullptr},
                      {"incomplete_details", nullptr},
                      {"instructions", nullptr},
                      {"max_output_tokens", nullptr},
                      {"metadata", json::object{}},
                      {"model", ask.model},
                      {"output", output_},
                      {"parallel_tool_calls", ask.parallel_tool_calls},
                      {"previous_response_id", nullptr},
                      {"reasoning", {{"effort", nullptr}, {"summary", nullptr}}},
                      {"store", false},
                      {"temperature", ask.sampling.temperature},
                      {"text", {{"format", {{"type", "text"}}}}},
                      {"tool_choice", "auto"},
                      {"tools", json::array{}},
                      {"top_p", ask.sampling.top_p},
                      {"truncation", "disabled"},
                      {"usage", nullptr}};
    for (const auto& member : ask.echo) body[member.key()] = member.value();
    return body;
  }
  json::object finished(const Done& done) const {
    json::object body = response(status(done));
    if (!complete(done)) body["incomplete_details"] = {{"reason", "max_output_tokens"}};
    Tokens tokens = tokens_of(done);
    body["usage"] = {{"input_tokens", tokens.input},
                     {"input_tokens_details", {{"cached_tokens", tokens.cached}, {"cache_write_tokens", 0}}},
                     {"output_tokens", tokens.output},
                     {"output_tokens_details", {{"reasoning_tokens", tokens.reasoning}}},
                     {"total_tokens", tokens.input + tokens.output}};
    body["reckon"] = reckon_object(heading_.ask, done);
    if (!done.warnings.empty()) body["warnings"] = json::value_from(done.warnings);
    return body;
  }

  void say(const LiveText::Parts& parts) {
    say(Kind::reasoning, parts.reasoning);
    say(Kind::message, parts.content);
  }
  void say(Kind kind, std::string_view piece) {
    if (piece.empty()) return;
    open(kind);
    text_ += piece;
    json::object event{{"type", std::string(name(kind)) + ".delta"}, {"delta", piece}};
    if (kind == Kind::message) event["logprobs"] = json::array{};
    send_part(std::move(event));
  }
  void say(const ToolCall& call) {
    json::object begun = call_item(call, "in_progress"), whole = call_item(call, "completed");
    begun["arguments"] = "";
    json::object delta{{"type", "response.function_call_arguments.delta"}, {"delta", call.arguments}};
    json::object done{
        {"type", "response.function_call_arguments.done"}, {"name", call.name}, {"arguments", call.arguments}};
    send({{"type", "response.output_item.added"}, {"output_index", output_.size()}, {"item", begun}});
    for (json::object* event : {&delta, &done}) {
      (*event)["item_id"] = whole["id"];
      (*event)["output_index"] = output_.size();
      send(std::move(*event));
    }
    send({{"type", "response.output_item.done"}, {"output_index", output_.size()}, {"item", whole}});
    output_.push_back(std::move(whole));
  }
  // Items follow one another: opening one closes the one before it.
  void open(Kind kind) {
    if (open_ == kind) return;
    close("completed");
    open_ = kind;
    send({{"type", "response.output_item.added"},
          {"output_index", output_.size()},
          {"item", item(kind, "in_progress", std::nullopt)}});
    send_part({{"type", "response.content_part.added"}, {"part", part(kind, "")}});
  }
  void close(const char* status) {
    if (open_ == Kind::none) return;
    json::object done{{"type", std::string(name(open_)) + ".done"}, {"text", text_}};
    if (open_ == Kind::message) done["logprobs"] = without_bytes(drawn_);
    send_part(std::move(done));
    send_part({{"type", "response.content_part.done"}, {"part", part(open_, text_)}});
    json::object whole = item(open_, status, text_);
    send({{"type", "response.output_item.done"}, {"output_index", output_.size()}, {"item", whole}});
    output_.push_back(std::move(whole));
    text_.clear();
    open_ = Kind::none;
  }
  static std::string_view name(Kind kind) {
    return kind == Kind::message ? "response.output_text" : "response.reasoning_text";
  }

  void send_part(json::object event) {
    event["item_id"] = id(open_);
    event["output_index"] = output_.size();
    event["content_index"] = 0;
    send(std::move(event));
  }
  void send(json::object event) {
    std::string kind(event["type"].as_string());
    event["sequence_number"] = next_++;
    responder_.event(json::serialize(event), kind);
  }

  Heading heading_;
  Responder& responder_;
  LiveText live_;
  json::array output_;  // finished items
  json::array drawn_;   // log-probabilities of the answer, where they were asked for
  Kind open_ = Kind::none;
  std::string text_;  // of the open item
  int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Surface> responses_surface(Heading heading, Responder& responder) {
  return std::make_unique<Responses>(std::move(heading), responder);
}

}  // namespace reckon
