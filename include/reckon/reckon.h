#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include <reckon/question.h>
#include <reckon/receipt.h>
#include <reckon/strategy.h>

namespace reckon {

// Reckon in another program: load a model once, ask questions, get answers with receipts. Blocking; one thread.
//
//   reckon::Session session({.model = "qwen2.5-coder-1.5b"});
//   reckon::Result result = session.solve("What is 17 * 23?");
//   std::cout << result.outcome.answer->text << '\n' << to_text(result.receipt);
struct SessionOptions {
  std::string model = "qwen2.5-coder-1.5b";  // an alias, hf:REPO/FILE, or a path; `reckon models pull` fetches it
  int context = 4096;                        // tokens, prompt and answer together
  int threads = 0;                           // 0: as many as there are free cores
  int gpu_layers = -1;                       // -1: as many as fit; only in builds with a GPU backend
};

struct Ask {
  TaskKind task = TaskKind::math;
  std::string strategy = "adaptive";  // name[:key=value,...]
  Budget budget;
  uint64_t seed = 1;
  Sampling sampling;
  int max_tokens = 1024;  // of each sample
};

struct Result {
  Outcome outcome;
  Receipt receipt;
};

class Session {
 public:
  explicit Session(const SessionOptions& options = {});
  ~Session();
  Result solve(const std::string& question, const Ask& ask = {});
  Result solve(const Question& question, const Ask& ask = {});
  Model& model();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reckon
