#pragma once
#include <string>
#include <vector>

#include <reckon/model.h>

#include "engine/gguf_check.h"

namespace reckon {

class LlamaContext;

// What a decode step costs by the number of branches it advances, measured on this machine. It need not be monotone in
// tokens per second: measure it, do not assume it.
struct BatchCurve {
  std::vector<BatchCost> costs;      // ascending
  bool quiet = true;                 // measured without being starved of processor time
  double seconds(int tokens) const;  // of a step with so many tokens, between and beyond the points; 0: unknown
};

BatchCurve measure_batch_curve(LlamaContext& llama, int threads);  // a few steps for 1, 2, 4, 8, 16, 32 branches

// Curves on disk, one file for each (model file, engine version, processor, threads).
std::string batch_curve_key(const std::string& path, const std::string& engine, int threads);
BatchCurve load_batch_curve(const std::string& cache_dir, const std::string& key);  // empty when there is none
void save_batch_curve(const std::string& cache_dir, const std::string& key, const BatchCurve& curve);  // best effort

}  // namespace reckon
