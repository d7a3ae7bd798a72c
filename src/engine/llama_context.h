#pragma once
#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "engine/gguf_check.h"
#include "engine/llama_handles.h"
#include "engine/vocabulary.h"

namespace reckon {

// A loaded model file with one context of unified KV memory: the calls of llama.cpp that the engine makes, with the
// settings that docs/engine.md gives reasons for. One thread at a time; the vocabulary is safe from any.
class LlamaContext {
 public:
  // Throws Error{model_unavailable} with the reason.
  LlamaContext(const EngineOptions& options, const GgufFacts& facts, int threads);

  struct Entry {
    int token = 0, position = 0, slot = 0;
    bool row = false;  // its logits are wanted
  };
  enum class Result { done, no_room, failed };
  Result decode(std::span<const Entry> batch);  // at most kBatch entries and rows() rows
  std::span<const float> row(int index) const;  // of the batch's entry; valid until the next decode
  void share(int from, int to, int positions);  // the first `positions` tokens; 0 bytes are copied
  bool cut(int slot, int positions);            // keep the first `positions`; false: it cannot
  void drop(int slot);
  void set_threads(int threads);

  static constexpr int kBatch = 2048, kChunk = 512;
  int rows() const { return std::max(slots_, 64); }  // of logits in one batch
  const Vocabulary& vocabulary() const { return vocabulary_; }
  Vocabulary& vocabulary() { return vocabulary_; }
  const llama_model* model() const { return model_.get(); }
  const std::string& failure() const { return failure_; }  // why decode failed
  std::string description() const;
  int context() const { return context_length_; }  // tokens per branch
  int cells() const { return cells_; }
  int slots() const { return slots_; }
  bool can_cut() const { return can_cut_; }

 private:
  struct FreeBatch {
    void operator()(llama_batch* batch) const;
  };
  llama_model_ptr model_;
  llama_context_ptr context_;
  Vocabulary vocabulary_;
  std::unique_ptr<llama_batch, FreeBatch> batch_;
  std::string failure_;
  int context_length_ = 0, cells_ = 0, slots_ = 0;
  bool can_cut_ = true;
};

int64_t available_memory();  // bytes; 0 where unknown

// Tokens of a branch, of a model trained for so many (0: unknown), and of all branches together.
int choose_context(const EngineOptions& options, int trained);
int choose_cells(const EngineOptions& options, const GgufFacts& facts, int context);

}  // namespace reckon
