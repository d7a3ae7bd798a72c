#include <fmt/format.h>

#include "base/text.h"
#include "serve/render.h"

// Log-probabilities of tokens, in the shapes of OpenAI's two surfaces.
namespace reckon {
namespace {

namespace json = boost::json;

json::object one_token(const TokenLogprob& token) {
  json::array bytes;
  for (char c : token.bytes) bytes.push_back(static_cast<unsigned char>(c));
  return {{"token", readable(token.bytes)}, {"logprob", token.logprob}, {"bytes", std::move(bytes)}};
}

}  // namespace

std::string readable(std::string_view bytes) {
  if (valid_utf8(bytes)) return std::string(bytes);
  std::string text;
  while (!bytes.empty()) {
    size_t whole = 1;
    while (whole < 4 && whole < bytes.size() && !valid_utf8(bytes.substr(0, whole))) ++whole;
    bool valid = valid_utf8(bytes.substr(0, whole));
    if (!valid) whole = 1;
    text += valid ? bytes.substr(0, whole) : std::string_view("\xEF\xBF\xBD");
    bytes.remove_prefix(whole);
  }
  return text;
}

json::value chat_logprobs(const Ask& ask, const Choice& choice) {
  if (ask.sampling.top_logprobs < 0) return nullptr;
  json::array content;
  for (const DrawnToken& token : choice.drawn) {
    json::object object = one_token(token.drawn);
    json::array top;
    for (const TokenLogprob& other : token.top) top.push_back(one_token(other));
    object["top_logprobs"] = std::move(top);
    content.push_back(std::move(object));
  }
  return json::object{{"content", std::move(content)}, {"refusal", nullptr}};
}

json::value completion_logprobs(const Ask& ask, const Choice& choice) {
  if (ask.sampling.top_logprobs < 0) return nullptr;
  json::array tokens, logprobs, tops, offsets;
  size_t offset = 0;
  for (const DrawnToken& token : choice.drawn) {
    tokens.emplace_back(readable(token.drawn.bytes));
    logprobs.emplace_back(token.drawn.logprob);
    offsets.emplace_back(offset);
    offset += token.drawn.bytes.size();
    json::object top;
    for (const TokenLogprob& other : token.top) top[readable(other.bytes)] = other.logprob;
    tops.emplace_back(std::move(top));
  }
  return json::object{{"tokens", std::move(tokens)},
                      {"token_logprobs", std::move(logprobs)},
                      {"top_logprobs", std::move(tops)},
                      {"text_offset", std::move(offsets)}};
}

}  // namespace reckon
