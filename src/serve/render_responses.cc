#include "serve/refusal.h"
#include "serve/render.h"

// Responses of /v1/responses: a reasoning item where there is something to show, then the message.
namespace reckon {
namespace {

namespace json = boost::json;

class Responses : public Surface {
 public:
  Responses(Heading heading, Responder& responder)
      : heading_(std::move(heading)), responder_(responder), splitter_(heading_.think_open, heading_.think_close) {}

  std::string render(const Done& done) override {
    ThinkingSplitter::Parts parts = split(heading_, done.choices.front().text);
    if (!parts.reasoning.empty()) output_.push_back(item(Kind::reasoning, "completed", parts.reasoning));
    output_.push_back(item(Kind::message, status(done), parts.content));
    return json::serialize(finished(done));
  }

  void start() override {
    send({{"type", "response.created"}, {"response", response("in_progress")}});
    send({{"type", "response.in_progress"}, {"response", response("in_progress")}});
  }

  // As in chat: with a vote the text of the lead sample is reasoning, and only the winner's is the message.
  void lead(std::string_view piece) override {
    if (heading_.ask.voting()) say(Kind::reasoning, piece);
    else say(splitter_.feed(piece));
  }

  void progress(const Progress::Event& event) override {
    if (heading_.ask.progress) send({{"type", "reckon.progress"}, {"progress", progress_object(event)}});
  }

  void finish(const Done& done) override {
    if (heading_.ask.voting()) say(split(heading_, done.choices.front().text));
    else say(splitter_.end());
    open(Kind::message);  // also of an empty text
    close(status(done));
    const char* kind = complete(done) ? "response.completed" : "response.incomplete";
    send({{"type", kind}, {"response", finished(done)}});
  }

  void fail(const Error& error) override {
    json::object body = response("failed");
    body["error"] = {{"code", "server_error"}, {"message", error.what()}};
    send({{"type", "response.failed"}, {"response", std::move(body)}});
  }

 private:
  enum class Kind { none, reasoning, message };

  static bool complete(const Done& done) {
    Finish finish = done.choices.front().finish;
    return finish != Finish::length && finish != Finish::budget;
  }
  static const char* status(const Done& done) { return complete(done) ? "completed" : "incomplete"; }

  // An item with its text; a growing one has an empty content.
  json::object item(Kind kind, const char* status, const std::optional<std::string>& text) const {
    json::array content;
    if (text) content.push_back(part(kind, *text));
    if (kind == Kind::reasoning)
      return {{"id", "rs_" + heading_.id},
              {"type", "reasoning"},
              {"summary", json::array{}},
              {"content", content},
              {"status", status}};
    return {{"id", "msg_" + heading_.id},
            {"type", "message"},
            {"role", "assistant"},
            {"content", content},
            {"status", status}};
  }
  static json::object part(Kind kind, const std::string& text) {
    if (kind == Kind::reasoning) return {{"type", "reasoning_text"}, {"text", text}};
    return {{"type", "output_text"}, {"text", text}, {"annotations", json::array{}}, {"logprobs", json::array{}}};
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
                      {"parallel_tool_calls", false},
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
                     {"input_tokens_details", {{"cached_tokens", tokens.cached}}},
                     {"output_tokens", tokens.output},
                     {"output_tokens_details", {{"reasoning_tokens", tokens.reasoning}}},
                     {"total_tokens", tokens.input + tokens.output}};
    body["reckon"] = reckon_object(heading_.ask, done);
    if (!done.warnings.empty()) body["warnings"] = json::value_from(done.warnings);
    return body;
  }

  void say(const ThinkingSplitter::Parts& parts) {
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
    if (open_ == Kind::message) done["logprobs"] = json::array{};
    send_part(std::move(done));
    send_part({{"type", "response.content_part.done"}, {"part", part(open_, text_)}});
    json::object whole = item(open_, status, text_);
    send({{"type", "response.output_item.done"}, {"output_index", output_.size()}, {"item", whole}});
    output_.push_back(std::move(whole));
    text_.clear();
    open_ = Kind::none;
  }
  static std::string_view name(Kind kind) {
    return kind == Kind::reasoning ? "response.reasoning_text" : "response.output_text";
  }

  void send_part(json::object event) {
    event["item_id"] = (open_ == Kind::reasoning ? "rs_" : "msg_") + heading_.id;
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
  ThinkingSplitter splitter_;
  json::array output_;  // finished items
  Kind open_ = Kind::none;
  std::string text_;  // of the open item
  int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Surface> responses_surface(Heading heading, Responder& responder) {
  return std::make_unique<Responses>(std::move(heading), responder);
}

}  // namespace reckon
