#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <reckon/loop.h>
#include <reckon/model.h>

namespace reckon {

struct EngineOptions {
  std::string path;           // of a GGUF file
  std::string name;           // how the user named the model; empty: the file's name
  int context = 4096;         // tokens per branch, prompt included; at most what the model was trained for
  int kv_cells = 0;           // tokens that all branches together keep in memory; 0: chosen from the memory there is
  int threads = 0;            // 0: the physical cores that are free
  int gpu_layers = -1;        // -1: all that fit, where there is a GPU backend
  int max_branches = 256;     // resident at once; more are parked
  bool mixed = false;         // branches of several questions at once: attention that skips the others' cells
  bool adapt_threads = true;  // shed threads when starved by other processes, and take them back
  bool measure_curve = true;  // cost of a decode step by number of branches
  std::string cache_dir;      // where the measured curve is kept; empty: nowhere
  // Told how much of the weights is read, 0..1, by the thread that loads; false: give it up.
  std::function<bool(double)> progress = {};
};

// What the engine counted itself, whatever the accounts say; for tests, `reckon doctor` and benches.
struct EngineStatus {
  std::string engine;         // "llama.cpp 0.5.0"
  std::string description;    // of the model, by the engine: "qwen2 1.5B Q4_K - Medium"
  int64_t prompt_tokens = 0;  // computed: prompts, forced tokens, scored text, and what parking made us compute again
  int64_t generated_tokens = 0;
  int64_t recomputed_tokens = 0;  // the part of prompt_tokens that parking caused
  double flops = 0;
  int64_t steps = 0;
  int64_t last_step_ms = 0;     // when the last of them began, Unix time
  double decode_seconds = 0;    // inside llama_decode
  double overhead_seconds = 0;  // planning, sampling and delivering, in the same steps
  double fork_seconds = 0;      // sharing the cells of forked branches
  int branches = 0, resident = 0;
  int64_t parked = 0;  // times that a branch was parked
  int cells = 0, cells_used = 0;
  int threads = 0, threads_most = 0;
  int64_t threads_shed = 0, threads_regained = 0;
};

// The embedded engine: one thread, one model file. It must outlive its branches, and the loop must outlive it.
class EngineModel : public Model {
 public:
  virtual EngineStatus status() const = 0;  // any thread
  // Ends when all that was asked before is done or under way no more, and in status(). Loop thread.
  virtual Task<void> settled() = 0;
};

// Throws Error{not_found} or Error{model_unavailable} with one sentence that says what is wrong with the file, and
// Error{unsupported} in a build without the engine.
std::unique_ptr<EngineModel> load_engine(Loop& loop, EngineOptions options);

// Bytes of memory that the model takes while it is loaded: its weights and KV cells. Reads the file's header only, and
// throws what load_engine() throws for it.
int64_t engine_bytes(const EngineOptions& options);

std::string engine_version();  // "llama.cpp 0.5.0"; empty in a build without the engine

}  // namespace reckon
