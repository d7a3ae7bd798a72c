#include "engine/llama_context.h"

#include <fmt/format.h>
#include <ggml-backend.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include <reckon/error.h>

#include "engine/gpu_layers.h"

namespace reckon {
namespace {

int64_t free_memory(enum ggml_backend_dev_type type) {
  int64_t sum = 0;
  for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t device = ggml_backend_dev_get(i);
    if (ggml_backend_dev_type(device) != type) continue;
    size_t free = 0, total = 0;
    ggml_backend_dev_memory(device, &free, &total);
    sum += static_cast<int64_t>(free);
  }
  return sum;
}

// As many as the GPUs have memory for, unless the user chose. As llama.cpp does, integrated ones count alone only.
int gpu_layers(const EngineOptions& options, const GgufFacts& facts) {
  if (options.gpu_layers >= 0 || !llama_supports_gpu_offload()) return options.gpu_layers;
  int64_t bytes = free_memory(GGML_BACKEND_DEVICE_TYPE_GPU);
  if (bytes == 0) bytes = free_memory(GGML_BACKEND_DEVICE_TYPE_IGPU);
  int cells = choose_cells(options, facts, choose_context(options, facts.trained_context));
  return layers_that_fit(bytes, facts.shape.layers, facts.file_bytes,
                         static_cast<int64_t>(facts.kv_bytes_per_token * cells));
}

llama_model_ptr load_weights(const EngineOptions& options, const GgufFacts& facts) {
  LlamaGuard guard;
  double needed = static_cast<double>(facts.file_bytes) + facts.kv_bytes_per_token * options.context;
  if (auto available = static_cast<double>(available_memory()); available > 0 && needed > available)
    throw Error(Code::model_unavailable,
                fmt::format("{} needs {:.1f} GB of memory and {:.1f} GB are available; use a smaller model",
                            options.path, needed / 1e9, available / 1e9));
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = gpu_layers(options, facts);
  if (options.progress) {
    using Progress = std::function<bool(double)>;
    params.progress_callback = [](float part, void* told) { return (*static_cast<const Progress*>(told))(part); };
    params.progress_callback_user_data = const_cast<Progress*>(&options.progress);
  }
  llama_model_ptr model;
  std::string why;
  try {
    model.reset(llama_model_load_from_file(options.path.c_str(), params));
    why = guard.last_error();
  } catch (const std::exception& error) {
    why = error.what();
  }
  if (!model)
    throw Error(Code::model_unavailable, fmt::format("the engine cannot load {} (architecture {}): {}", options.path,
                                                     facts.architecture, why.empty() ? "no reason given" : why));
  if (llama_model_has_encoder(model.get()) || !llama_model_has_decoder(model.get()) ||
      llama_model_is_diffusion(model.get()))
    throw Error(Code::model_unavailable,
                fmt::format("{} is not a model that continues text; use one that is", options.path));
  return model;
}

}  // namespace

int choose_context(const EngineOptions& options, int trained) {
  return trained > 0 ? std::min(options.context, trained) : options.context;
}

// Room for several branches at full length, but never more than an eighth of the memory.
int choose_cells(const EngineOptions& options, const GgufFacts& facts, int context) {
  if (options.kv_cells > 0) return std::max(options.kv_cells, context);
  int64_t cells = std::clamp<int64_t>(4 * static_cast<int64_t>(context), 8192, 32768);
  if (auto memory = static_cast<double>(available_memory()); memory > 0 && facts.kv_bytes_per_token > 0)
    cells = std::min(cells, static_cast<int64_t>(memory / 8 / facts.kv_bytes_per_token));
  return std::max(static_cast<int>(cells), context);
}

int64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string key; file >> key;) {
    int64_t kilobytes = 0;
    if (key == "MemAvailable:" && file >> kilobytes) return kilobytes * 1024;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

void LlamaContext::FreeBatch::operator()(llama_batch* batch) const {
  llama_batch_free(*batch);
  delete batch;
}

LlamaContext::LlamaContext(const EngineOptions& options, const GgufFacts& facts, int threads)
    : model_(load_weights(options, facts)), vocabulary_(llama_model_get_vocab(model_.get())) {
  LlamaGuard guard;
  bool recurrent = llama_model_is_recurrent(model_.get()) || llama_model_is_hybrid(model_.get());
  can_cut_ = !recurrent;
  context_length_ = choose_context(options, llama_model_n_ctx_train(model_.get()));
  slots_ = std::clamp(options.max_branches, 1, static_cast<int>(llama_max_parallel_sequences()));
  if (recurrent) slots_ = std::min(slots_, 64);  // every slot holds a whole state
  cells_ = choose_cells(options, facts, context_length_);

  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(cells_);
  params.n_batch = kBatch;
  params.n_ubatch = kChunk;
  params.n_seq_max = static_cast<uint32_t>(slots_);
  params.n_outputs_max = static_cast<uint32_t>(rows());  // never below n_seq_max
  params.n_threads = params.n_threads_batch = threads;
  bool flash = options.mixed || llama_supports_gpu_offload();
  params.flash_attn_type = flash ? LLAMA_FLASH_ATTN_TYPE_AUTO : LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.kv_unified = true;
  params.swa_full = true;
  params.no_perf = true;
  std::string why;
  try {
    context_.reset(llama_init_from_model(model_.get(), params));
    why = guard.last_error();
  } catch (const std::exception& error) {
    why = error.what();
  }
  if (!context_)
    throw Error(Code::model_unavailable,
                fmt::format("no memory for {} cells of context with {}: {}; ask for a shorter context", cells_,
                            options.path, why.empty() ? "no reason given" : why));
  cells_ = static_cast<int>(llama_n_ctx(context_.get()));
  batch_.reset(new llama_batch(llama_batch_init(kBatch, 0, 1)));
}

LlamaContext::Result LlamaContext::decode(std::span<const Entry> entries) {
  LlamaGuard guard;
  batch_->n_tokens = static_cast<int32_t>(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    batch_->token[i] = entries[i].token;
    batch_->pos[i] = entries[i].position;
    batch_->n_seq_id[i] = 1;
    batch_->seq_id[i][0] = entries[i].slot;
    batch_->logits[i] = entries[i].row;
  }
  int code = llama_decode(context_.get(), *batch_);
  if (code != 0 && code != 1) failure_ = fmt::format("llama_decode returned {}: {}", code, guard.last_error());
  return code == 0 ? Result::done : code == 1 ? Result::no_room : Result::failed;
}

std::span<const float> LlamaContext::row(int index) const {
  const float* logits = llama_get_logits_ith(context_.get(), index);
  if (!logits) throw Error(Code::internal, "the engine computed a token and gave no logits for it");
  return {logits, static_cast<size_t>(vocabulary_.size())};
}

void LlamaContext::share(int from, int to, int positions) {
  llama_memory_seq_cp(llama_get_memory(context_.get()), from, to, 0, can_cut_ ? positions : -1);
}
bool LlamaContext::cut(int slot, int positions) {
  return can_cut_ && llama_memory_seq_rm(llama_get_memory(context_.get()), slot, positions, -1);
}
void LlamaContext::drop(int slot) { llama_memory_seq_rm(llama_get_memory(context_.get()), slot, -1, -1); }
void LlamaContext::set_threads(int threads) { llama_set_n_threads(context_.get(), threads, threads); }

std::string LlamaContext::description() const {
  char text[128] = {};
  llama_model_desc(model_.get(), text, sizeof text);
  return text;
}

}  // namespace reckon
