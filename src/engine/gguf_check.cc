#include "engine/gguf_check.h"

#include <fmt/format.h>
#include <gguf.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>

#include <reckon/error.h>

#include "engine/llama_handles.h"

namespace reckon {
namespace {

using Gguf = std::unique_ptr<gguf_context, decltype(&gguf_free)>;

// Integers may be stored in any width; for a value per layer, the largest.
int64_t integer(const gguf_context* gguf, const std::string& key) {
  int64_t id = gguf_find_key(gguf, key.c_str());
  if (id < 0) return 0;
  auto cast = [](gguf_type type, const void* data, size_t i) -> int64_t {
    switch (type) {
      case GGUF_TYPE_UINT32: return static_cast<const uint32_t*>(data)[i];
      case GGUF_TYPE_INT32: return static_cast<const int32_t*>(data)[i];
      case GGUF_TYPE_UINT64: return static_cast<int64_t>(static_cast<const uint64_t*>(data)[i]);
      case GGUF_TYPE_INT64: return static_cast<const int64_t*>(data)[i];
      default: return 0;
    }
  };
  if (gguf_get_kv_type(gguf, id) != GGUF_TYPE_ARRAY) {
    gguf_type type = gguf_get_kv_type(gguf, id);
    if (type == GGUF_TYPE_STRING) return 0;
    return cast(type, gguf_get_val_data(gguf, id), 0);
  }
  gguf_type type = gguf_get_arr_type(gguf, id);
  if (type == GGUF_TYPE_STRING || type == GGUF_TYPE_ARRAY) return 0;
  int64_t most = 0;
  for (size_t i = 0; i < gguf_get_arr_n(gguf, id); ++i)
    most = std::max(most, cast(type, gguf_get_arr_data(gguf, id), i));
  return most;
}

double elements(const gguf_context* gguf, int64_t tensor) {
  const int64_t* extent = gguf_get_tensor_ne(gguf, tensor);
  double count = 1;
  for (int d = 0; d < GGML_MAX_DIMS; ++d) count *= static_cast<double>(extent[d]);
  return count;
}

// Matrices that one token goes through: all weights with two dimensions or more except the token embeddings, which are
// looked up; of the experts' matrices only the share that is active; tied embeddings serve as output head once.
Shape shape_of(const gguf_context* gguf, const std::string& arch) {
  Shape shape;
  shape.layers = static_cast<int>(integer(gguf, arch + ".block_count"));
  shape.query_heads = static_cast<int>(integer(gguf, arch + ".attention.head_count"));
  int64_t width = integer(gguf, arch + ".embedding_length");
  shape.head_size = static_cast<int>(integer(gguf, arch + ".attention.key_length"));
  if (shape.head_size == 0 && shape.query_heads > 0) shape.head_size = static_cast<int>(width / shape.query_heads);
  double experts = static_cast<double>(integer(gguf, arch + ".expert_count"));
  double active = static_cast<double>(integer(gguf, arch + ".expert_used_count"));
  double embeddings = 0;
  for (int64_t i = 0; i < gguf_get_n_tensors(gguf); ++i) {
    std::string_view name = gguf_get_tensor_name(gguf, i);
    const int64_t* extent = gguf_get_tensor_ne(gguf, i);
    double count = elements(gguf, i);
    if (name == "token_embd.weight") {
      embeddings = count;
    } else if (name == "output.weight") {
      shape.head_parameters = count;
    } else if (extent[1] > 1 && name.ends_with(".weight")) {
      bool routed = name.find("_exps.") != std::string_view::npos && experts > 0;
      shape.matmul_parameters += routed ? count * active / experts : count;
    }
  }
  if (shape.head_parameters == 0) shape.head_parameters = embeddings;
  shape.matmul_parameters += shape.head_parameters;
  return shape;
}

[[noreturn]] void broken(const std::string& path, std::string_view why) {
  throw Error(Code::model_unavailable, fmt::format("the model file {} {}; download it again", path, why));
}

// Every read beyond a limit fails: a header that claims more than the file holds must not become a huge allocation.
Gguf read_header(const std::string& path, int64_t bytes) {
  std::ifstream file(path, std::ios::binary);
  struct Source {
    std::ifstream& file;
    uint64_t bytes;
  } source{file, static_cast<uint64_t>(bytes)};
  auto read = [](void* from, void* out, uint64_t offset, size_t length) -> size_t {
    auto& s = *static_cast<Source*>(from);
    if (offset >= s.bytes) return 0;
    length = static_cast<size_t>(std::min<uint64_t>(length, s.bytes - offset));
    s.file.clear();
    s.file.seekg(static_cast<std::streamoff>(offset));
    s.file.read(static_cast<char*>(out), static_cast<std::streamsize>(length));
    return static_cast<size_t>(s.file.gcount());
  };
  gguf_init_params params{.no_alloc = true, .ctx = nullptr};
  return Gguf(gguf_init_from_callback(read, &source, 1 << 20, static_cast<uint64_t>(bytes), params), &gguf_free);
}

}  // namespace

GgufFacts check_gguf(const std::string& path) {
  std::error_code error;
  std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    throw Error(Code::not_found, fmt::format("there is no model file at {}; see `reckon models list`", path));
  if (std::filesystem::is_directory(status))
    throw Error(Code::model_unavailable, fmt::format("{} is a folder; name the GGUF file in it", path));
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(Code::environment, fmt::format("{} cannot be read; check its permissions", path));
  auto bytes = static_cast<int64_t>(std::filesystem::file_size(path, error));
  if (error) throw Error(Code::environment, fmt::format("{} cannot be read: {}", path, error.message()));
  if (bytes == 0) broken(path, "is empty");
  char magic[4] = {};
  file.read(magic, sizeof magic);
  if (file.gcount() < 4 || std::memcmp(magic, "GGUF", 4) != 0)
    throw Error(Code::model_unavailable, fmt::format("{} is not a GGUF file; Reckon's engine reads GGUF models", path));

  start_llama();
  LlamaGuard guard;
  Gguf gguf = read_header(path, bytes);
  if (!gguf) broken(path, guard.last_error().empty() ? "has a broken header" : "has a broken header or is cut short");
  int64_t arch_key = gguf_find_key(gguf.get(), "general.architecture");
  if (arch_key < 0 || gguf_get_kv_type(gguf.get(), arch_key) != GGUF_TYPE_STRING)
    broken(path, "does not name its architecture");
  int64_t tensors = gguf_get_n_tensors(gguf.get());
  if (tensors == 0)
    throw Error(Code::model_unavailable, fmt::format("{} holds a vocabulary without weights; use a whole model", path));
  if (gguf_find_key(gguf.get(), "split.count") >= 0 && integer(gguf.get(), "split.count") > 1)
    throw Error(Code::unsupported, fmt::format("{} is one part of several; join them with llama-gguf-split", path));
  auto size = static_cast<uint64_t>(bytes);
  for (int64_t i = 0; i < tensors; ++i) {
    uint64_t begin = gguf_get_data_offset(gguf.get()) + gguf_get_tensor_offset(gguf.get(), i);
    if (begin > size || gguf_get_tensor_size(gguf.get(), i) > size - begin)
      broken(path, fmt::format("is cut short: {} bytes, and its weights go on after that", bytes));
  }

  GgufFacts facts;
  facts.architecture = gguf_get_val_str(gguf.get(), arch_key);
  facts.file_bytes = bytes;
  facts.shape = shape_of(gguf.get(), facts.architecture);
  facts.trained_context = static_cast<int>(integer(gguf.get(), facts.architecture + ".context_length"));
  auto kv_heads = static_cast<double>(integer(gguf.get(), facts.architecture + ".attention.head_count_kv"));
  if (kv_heads == 0) kv_heads = facts.shape.query_heads;
  facts.kv_bytes_per_token = 4.0 * facts.shape.layers * kv_heads * facts.shape.head_size;
  return facts;
}

}  // namespace reckon
