#pragma once
#include <cstdint>
#include <string>

#include <reckon/model.h>

namespace reckon {

// What the header of a GGUF file says, checked before llama.cpp sees the file.
struct GgufFacts {
  std::string architecture;
  int64_t file_bytes = 0;
  int trained_context = 0;
  double kv_bytes_per_token = 0;  // F16 keys and values of all layers; 0 where the header does not tell
  Shape shape;                    // zeros where the header does not tell
};

// Throws Error{not_found} or Error{model_unavailable} with one sentence: missing, unreadable, empty, not GGUF, cut
// short, broken, or a vocabulary without weights.
GgufFacts check_gguf(const std::string& path);

}  // namespace reckon
