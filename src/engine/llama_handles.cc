#include "engine/llama_handles.h"

#include <fmt/format.h>

#include <mutex>
#include <string_view>

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr std::string_view kVersion = RECKON_LLAMA_VERSION;  // major.minor of the headers

thread_local int guards = 0;
thread_local std::string first_error;

void log(ggml_log_level level, const char* text, void*) {
  if (level != GGML_LOG_LEVEL_ERROR || guards == 0 || !first_error.empty()) return;
  first_error = text;
  while (!first_error.empty() && first_error.back() == '\n') first_error.pop_back();
}

void failed_assert(const char* message) {
  if (guards > 0) throw Error(Code::model_unavailable, fmt::format("the engine gave up: {}", message));
}

}  // namespace

void start_llama() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(log, nullptr);
    ggml_set_abort_callback(failed_assert);
    ggml_backend_load_all();
    llama_backend_init();
  });
  std::string_view version = llama_version();
  if (version.substr(0, version.rfind('.')) != kVersion)
    throw Error(
        Code::model_unavailable,
        fmt::format("this program was built for llama.cpp {} and runs with {}; build it again", kVersion, version));
}

std::string llama_engine_name() { return fmt::format("llama.cpp {}", llama_version()); }

LlamaGuard::LlamaGuard() {
  if (guards++ == 0) first_error.clear();
}
LlamaGuard::~LlamaGuard() { --guards; }
std::string LlamaGuard::last_error() const { return first_error; }

}  // namespace reckon
