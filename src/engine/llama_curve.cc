#include <chrono>
#include <limits>

#include "base/meters.h"

#include "engine/batch_curve.h"
#include "engine/llama_context.h"

namespace reckon {

BatchCurve measure_batch_curve(LlamaContext& llama, int threads) {
  constexpr int kPrefix = 16;
  std::vector<LlamaContext::Entry> batch;
  for (int p = 0; p < kPrefix; ++p) batch.push_back({p % llama.vocabulary().size(), p, 0, p + 1 == kPrefix});
  BatchCurve curve;
  if (llama.decode(batch) != LlamaContext::Result::done) return curve;
  double wall = 0, cpu = 0;
  int position = kPrefix;
  for (int slot = 1; slot < std::min(llama.slots(), 32); ++slot) llama.share(0, slot, kPrefix);
  for (int branches = 1; branches <= std::min(llama.slots(), 32); branches *= 2) {
    double best = std::numeric_limits<double>::infinity(), spent = 0;
    for (int i = 0; i < 3 && (i == 0 || spent < 0.5); ++i, ++position) {
      batch.clear();
      for (int slot = 0; slot < branches; ++slot) batch.push_back({slot, position, slot, true});
      auto start = std::chrono::steady_clock::now();
      double cpu_start = process_cpu_seconds();
      if (llama.decode(batch) != LlamaContext::Result::done) return curve;
      double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      wall += seconds, spent += seconds;
      cpu += process_cpu_seconds() - cpu_start;
      best = std::min(best, seconds);
    }
    curve.costs.push_back({branches, best});
    // The next size needs every branch at the same position.
    for (int slot = branches; slot < std::min({2 * branches, llama.slots(), 32}); ++slot) {
      llama.drop(slot);
      llama.share(0, slot, position);
    }
  }
  for (int slot = 0; slot < std::min(llama.slots(), 32); ++slot) llama.drop(slot);
  curve.quiet = cpu >= 0.85 * wall * threads;
  return curve;
}

}  // namespace reckon
