#include "serve/render.h"

#include "base/receipt_json.h"
#include "serve/refusal.h"

// Responses of /v1/chat/completions and /v1/completions.
namespace reckon {
namespace {

namespace json = boost::json;

const char* finish_reason(const Choice& choice) {
  if (choice.finish == Finish::length || choice.finish == Finish::budget) return "length";
  return choice.tool_calls.empty() ? "stop" : "tool_calls";
}

json::array calls_array(const std::vector<ToolCall>& calls, bool delta) {
  json::array list;
  for (const ToolCall& call : calls) {
    json::object object;
    if (delta) object["index"] = list.size();
    object["id"] = call.id;
    object["type"] = "function";
    object["function"] = {{"name", call.name}, {"arguments", call.arguments}};
    list.push_back(std::move(object));
  }
  return list;
}

json::object usage_object(const Done& done) {
  Tokens tokens = tokens_of(done);
  return {{"prompt_tokens", tokens.input},
          {"completion_tokens", tokens.output},
          {"total_tokens", tokens.input + tokens.output},
          {"prompt_tokens_details", {{"cached_tokens", tokens.cached}}},
          {"completion_tokens_details", {{"reasoning_tokens", tokens.reasoning}}}};
}

// Both names that clients know.
void add_reasoning(json::object& object, const std::string& reasoning) {
  if (reasoning.empty()) return;
  object["reasoning_content"] = reasoning;
  object["reasoning"] = reasoning;
}

class OpenAi : public Surface {
 public:
  OpenAi(Heading heading, Responder& responder, bool chat)
      : heading_(std::move(heading)),
        responder_(responder),
        chat_(chat),
        live_(static_cast<size_t>(heading_.ask.n), heading_.live_text()),
        begun_(live_.size()) {}

  std::string render(const Done& done) override {
    json::array choices;
    for (const Choice& choice : done.choices) {
      json::object object{{"index", choices.size()}};
      if (chat_) {
        json::object message{{"role", "assistant"}, {"content", choice.content}, {"refusal", nullptr}};
        if (!heading_.ask.hide_reasoning) add_reasoning(message, choice.reasoning);
        if (!choice.tool_calls.empty()) {
          message["tool_calls"] = calls_array(choice.tool_calls, false);
          if (choice.content.empty()) message["content"] = nullptr;
        }
        object["message"] = std::move(message);
      } else {
        object["text"] = choice.content;
      }
      object["logprobs"] = logprobs(choice);
      object["finish_reason"] = finish_reason(choice);
      choices.push_back(std::move(object));
    }
    json::object body = envelope(chat_ ? "chat.completion" : "text_completion");
    body["choices"] = std::move(choices);
    body["usage"] = usage_object(done);
    body["reckon"] = reckon_object(heading_.ask, done);
    if (!done.warnings.empty()) body["warnings"] = json::value_from(done.warnings);
    return json::serialize(body);
  }

  void start() override { begin(0); }

  // Without a vote what a sample says is its choice. With one, the lead's text is shown as reasoning: only the winner's
  // text is content, so that what a client adds up is always one sample, never a splice of two.
  void text(size_t choice, std::string_view piece) override {
    if (!heading_.ask.voting()) return say(choice, live_[choice].feed(piece));
    if (!heading_.ask.hide_reasoning) say(choice, {.reasoning = std::string(piece), .content = ""});
  }

  void progress(const Progress::Event& event) override {
    if (!heading_.ask.progress) return;
    json::object body = stream_envelope();
    body["choices"] = json::array{};
    body["reckon"] = {{"progress", progress_object(event)}};
    send(std::move(body));
  }

  void finish(const Done& done) override {
    for (size_t i = 0; i < done.choices.size(); ++i) {
      const Choice& choice = done.choices[i];
      say(i, live_[i].rest(choice));
      if (!choice.tool_calls.empty()) chunk(i, {{"tool_calls", calls_array(choice.tool_calls, true)}});
      begin(i);
      json::object last = stream_envelope();
      json::object end = one_choice(i, {});
      end["finish_reason"] = finish_reason(choice);
      end["logprobs"] = logprobs(choice);
      last["choices"] = json::array{std::move(end)};
      if (i + 1 == done.choices.size()) {
        last["reckon"] = reckon_object(heading_.ask, done);
        if (!done.warnings.empty()) last["warnings"] = json::value_from(done.warnings);
      }
      send(std::move(last));
    }
    if (heading_.ask.include_usage) {
      json::object body = stream_envelope();
      body["choices"] = json::array{};
      body["usage"] = usage_object(done);
      send(std::move(body));
    }
    responder_.event("[DONE]");
  }

  void fail(const Error& error) override { responder_.event(openai_error(error)); }

 private:
  json::object envelope(const char* kind) const {
    return {{"id", (chat_ ? "chatcmpl-" : "cmpl-") + heading_.id},
            {"object", kind},
            {"created", heading_.created},
            {"model", heading_.ask.model},
            {"system_fingerprint", nullptr}};
  }
  json::object stream_envelope() const {
    json::object body = envelope(chat_ ? "chat.completion.chunk" : "text_completion");
    if (heading_.ask.include_usage) body["usage"] = nullptr;
    return body;
  }
  json::value logprobs(const Choice& choice) const {
    return chat_ ? chat_logprobs(heading_.ask, choice) : completion_logprobs(heading_.ask, choice);
  }
  json::object one_choice(size_t index, json::object delta) const {
    json::object choice{{"index", index}, {"logprobs", nullptr}, {"finish_reason", nullptr}};
    if (chat_) {
      choice["delta"] = std::move(delta);
    } else {
      json::value* text = delta.if_contains("content");
      choice["text"] = text ? *text : json::value("");
    }
    return choice;
  }
  // The first chunk of a chat's choice names its role.
  void begin(size_t index) {
    if (std::exchange(begun_[index], true) || !chat_) return;
    chunk(index, {{"role", "assistant"}, {"content", ""}});
  }
  void chunk(size_t index, json::object delta) {
    begin(index);
    json::object body = stream_envelope();
    body["choices"] = json::array{one_choice(index, std::move(delta))};
    send(std::move(body));
  }
  void say(size_t index, const LiveText::Parts& parts) {
    if (!parts.reasoning.empty() && chat_) {
      json::object delta;
      add_reasoning(delta, parts.reasoning);
      chunk(index, std::move(delta));
    }
    if (!parts.content.empty()) chunk(index, {{"content", parts.content}});
  }
  void send(const json::object& body) { responder_.event(json::serialize(body)); }

  Heading heading_;
  Responder& responder_;
  bool chat_;
  std::vector<LiveText> live_;  // of each choice
  std::vector<char> begun_;
};

}  // namespace

Tokens tokens_of(const Done& done) {
  const Usage& usage = done.run.receipt.usage;
  int64_t reasoning = 0;
  for (const Sample& sample : done.run.outcome.samples) reasoning += sample.thinking;
  return {.input = done.prompt_tokens,
          .cached = std::max<int64_t>(0, done.prompt_tokens - usage.prompt),
          .output = usage.selected + usage.discarded + usage.verifier + usage.probe,
          .reasoning = reasoning};
}

json::object reckon_object(const Ask& ask, const Done& done) {
  const Outcome& outcome = done.run.outcome;
  const Receipt& receipt = done.run.receipt;
  json::object usage = to_object(receipt.usage);
  usage["ms"] = receipt.seconds * 1000;
  json::object object{{"id", receipt.id},           {"policy", receipt.strategy}, {"stop_reason", outcome.stop_reason},
                      {"samples", receipt.samples}, {"usage", std::move(usage)},  {"receipt", to_object(receipt)}};
  if (ask.voting()) {
    object["answer"] = outcome.answer ? json::value(outcome.answer->text) : json::value(nullptr);
    object["votes"] = outcome.votes;
    object["confidence"] = outcome.confidence;
    object["difficulty"] = outcome.difficulty;
    object["lead"] = done.lead_won() ? "won" : "switched";
  }
  return object;
}

json::object progress_object(const Progress::Event& event) {
  return {{"finished", event.finished},
          {"live", event.live},
          {"cap", event.cap},
          {"leader", event.leader},
          {"votes", event.votes}};
}

std::unique_ptr<Surface> chat_surface(Heading heading, Responder& responder) {
  return std::make_unique<OpenAi>(std::move(heading), responder, true);
}
std::unique_ptr<Surface> completion_surface(Heading heading, Responder& responder) {
  return std::make_unique<OpenAi>(std::move(heading), responder, false);
}

}  // namespace reckon
