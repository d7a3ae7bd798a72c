#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/command.h"
#include "base/asio_loop.h"
#include "strategy/run.h"

#include <reckon/model.h>

namespace reckon {

// The options that say which model runs and how, shared by every command that needs one.
struct ModelFlags {
  std::string model = "qwen2.5-coder-1.5b";
  int context = 4096;
  int threads = 0;
  int gpu_layers = -1;

  void declare(Flags& flags);
  // `mixed`: several questions will be asked at a time.
  std::unique_ptr<Model> load(Loop& loop, bool mixed = false) const;
};

// The options of a run, shared by solve and eval.
struct RunFlags {
  std::string budget;
  uint64_t seed = 1;
  int max_tokens = 1024;
  double temperature = Sampling{}.temperature;
  double top_p = Sampling{}.top_p;
  int top_k = Sampling{}.top_k;
  double min_p = Sampling{}.min_p;

  void declare(Flags& flags);
  RunOptions options() const;  // throws Error{invalid_request} for values out of range
};

}  // namespace reckon
