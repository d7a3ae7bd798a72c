#include "serve/refusal.h"
#include "serve/render.h"

// Responses of /v1/messages.
namespace reckon {
namespace {

namespace json = boost::json;

class Messages : public Surface {
 public:
  Messages(Heading heading, Responder& responder) : heading_(std::move(heading)), responder_(responder) {}

  std::string render(const Done& done) override {
    json::object body = message(done);
    body["content"] = json::array{{{"type", "text"}, {"text", done.choices.front().text}}};
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
    send({{"type", "content_block_start"}, {"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}});
    send({{"type", "ping"}});
  }

  // With a vote the text follows when it is decided: this surface has no place for a sample that may lose.
  void lead(std::string_view piece) override {
    if (!heading_.ask.voting()) say(piece);
  }
  void progress(const Progress::Event&) override {
    if (heading_.ask.voting()) send({{"type", "ping"}});
  }

  void finish(const Done& done) override {
    if (heading_.ask.voting()) say(done.choices.front().text);
    send({{"type", "content_block_stop"}, {"index", 0}});
    json::object ended = message(done);
    send({{"type", "message_delta"},
          {"delta", {{"stop_reason", ended["stop_reason"]}, {"stop_sequence", ended["stop_sequence"]}}},
          {"usage", usage(done)},
          {"reckon", reckon_object(heading_.ask, done)}});
    send({{"type", "message_stop"}});
  }

  void fail(const Error& error) override { responder_.event(anthropic_error(error), "error"); }

 private:
  json::object envelope() const {
    return {{"id", "msg_" + heading_.id}, {"type", "message"}, {"role", "assistant"}, {"model", heading_.ask.model}};
  }
  json::object message(const Done& done) const {
    json::object body = envelope();
    Finish finish = done.choices.front().finish;
    const std::vector<std::string>& stops = heading_.ask.until.stop;
    bool at_stop = finish == Finish::stop_string;
    body["stop_reason"] = at_stop ? "stop_sequence" : finish == Finish::stop ? "end_turn" : "max_tokens";
    body["stop_sequence"] = at_stop && stops.size() == 1 ? json::value(stops.front()) : json::value(nullptr);
    return body;
  }
  json::object usage(const Done& done) const {
    return {{"input_tokens", heading_.prompt_tokens}, {"output_tokens", tokens_of(done).output}};
  }
  void say(std::string_view text) {
    if (!text.empty())
      send({{"type", "content_block_delta"}, {"index", 0}, {"delta", {{"type", "text_delta"}, {"text", text}}}});
  }
  void send(json::object event) {
    std::string kind(event["type"].as_string());
    responder_.event(json::serialize(event), kind);
  }

  Heading heading_;
  Responder& responder_;
};

}  // namespace

std::unique_ptr<Surface> messages_surface(Heading heading, Responder& responder) {
  return std::make_unique<Messages>(std::move(heading), responder);
}

}  // namespace reckon
