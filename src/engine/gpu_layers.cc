#include "engine/gpu_layers.h"

#include <algorithm>

namespace reckon {

int layers_that_fit(int64_t free_bytes, int layers, int64_t weight_bytes, int64_t kv_bytes) {
  int64_t usable = free_bytes - free_bytes / 10 - (int64_t{1} << 29);
  int64_t each = std::max<int64_t>(1, (weight_bytes + kv_bytes) / (layers + 1));
  return static_cast<int>(std::clamp<int64_t>(usable / each, 0, layers + 1));
}

}  // namespace reckon
