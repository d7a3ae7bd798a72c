#include "serve/ask.h"
#include "serve/config.h"
#include "serve/refusal.h"

// Bodies of every surface, the policy after the @, and the configuration: any bytes give a request or a Refusal.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  std::string text(reinterpret_cast<const char*>(data), size);
  Capabilities model{.name = "m", .context = 4096};
  ServeLimits limits;
  HttpRequest request{.method = "POST", .path = "/", .body = text};
  auto attempt = [](const auto& parse) {
    try {
      (void)parse();
    } catch (const Error& error) {
      (void)openai_error(error);
      (void)anthropic_error(error);
    }
  };
  attempt([&] { return parse_chat(request, limits, model); });
  attempt([&] { return parse_completion(request, limits, model); });
  attempt([&] { return parse_messages(request, limits, model); });
  attempt([&] { return strategy_of(text, limits); });
  attempt([&] { return parse_config(text, "fuzz"); });
  return 0;
}
