#pragma once
#include <algorithm>
#include <cstdint>
#include <string>

#include <reckon/model.h>

namespace reckon {

// What the engine of a model counted itself, whatever the accounts say.
struct EngineCounts {
  int64_t prompt = 0, generated = 0;  // tokens computed
  int64_t recomputed = 0;             // the part of `prompt` that short KV memory caused
  int64_t steps = 0;
  int64_t last_step_ms = 0;       // when the last one began, Unix time
  int branches = 0;               // live now
  int cells = 0, cells_used = 0;  // of KV memory, now
  EngineCounts& operator+=(const EngineCounts& other) {
    prompt += other.prompt, generated += other.generated, recomputed += other.recomputed, steps += other.steps;
    last_step_ms = std::max(last_step_ms, other.last_step_ms);
    branches += other.branches, cells += other.cells, cells_used += other.cells_used;
    return *this;
  }
};

// One of the server's models, as it is now.
struct ModelState {
  std::string name;
  std::string state;                    // unloaded, waiting, loading, loaded, unloading
  double progress = 0;                  // of loading, 0..1
  std::string failure;                  // why it could not be loaded last; empty: it could
  const Capabilities* facts = nullptr;  // null: it was not loaded yet
  int64_t loads = 0, bytes = 0;
  int active = 0, queued = 0;  // requests
  EngineCounts counts;         // of all times that it was loaded
};

}  // namespace reckon
