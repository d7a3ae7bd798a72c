#include "serve/ask.h"
#include "serve/config.h"
#include "serve/refusal.h"

// Bodies of every surface, and the configuration: any bytes give a request or a Refusal, in each surface's shape.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Capabilities plain{.name = "m", .context = 4096};
  Capabilities able = plain;
  able.logprobs = able.grammar = able.tools = able.bias = able.think_first = true;
  able.tokens = 32000;
  able.think_open = "<think>", able.think_close = "</think>";
  const ServeLimits limits;
  const HttpRequest request{.method = "POST", .path = "/", .body = text};
  const auto attempt = [](const auto& parse) {
    try {
      (void)parse();
    } catch (const Error& error) {
      (void)openai_error(error);
      (void)anthropic_error(error, "");
    }
  };
  for (const Capabilities* model : std::initializer_list<const Capabilities*>{&plain, &able})
    for (const auto parse : {parse_chat, parse_completion, parse_responses, parse_messages})
      attempt([&] { return parse(request, limits, *model); });
  attempt([&] { return parse_config(text, "fuzz"); });
  return 0;
}
