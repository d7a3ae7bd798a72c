#pragma once
#include <llama-cpp.h>

#include <string>

namespace reckon {

// Backends, log capture and the version gate, once per process, before anything else of llama.cpp is called. Throws
// Error{model_unavailable} when the library that runs is not the one this was compiled against.
void start_llama();
std::string llama_engine_name();  // "llama.cpp 0.5.0"

// While one lives on a thread, what llama.cpp logs there as an error is kept, and an assert of ggml on that thread
// throws Error{model_unavailable} instead of ending the process: the state of the library is then lost, and what it was
// working on must be given up.
class LlamaGuard {
 public:
  LlamaGuard();
  ~LlamaGuard();
  LlamaGuard(const LlamaGuard&) = delete;
  std::string last_error() const;  // the first line logged as an error; "" when there was none
};

}  // namespace reckon
