#pragma once
#include <cstdint>

namespace reckon {

// How many of a model's `layers` go to GPUs with `free_bytes` of memory, where its weights take `weight_bytes` and the
// keys and values of all cells `kv_bytes`; the output head counts as one more layer. A tenth of the memory and half a
// GiB stay free for what a step computes. layers + 1: all of it.
int layers_that_fit(int64_t free_bytes, int layers, int64_t weight_bytes, int64_t kv_bytes);

}  // namespace reckon
