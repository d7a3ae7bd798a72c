#include <reckon/reckon.h>

#include "base/asio_loop.h"
#include "base/paths.h"
#include "engine/engine.h"
#include "models/store.h"
#include "strategy/catalog.h"
#include "strategy/instruction.h"
#include "strategy/run.h"
#include "verify/answer_verifier.h"
#include "verify/code_answer.h"

namespace reckon {

struct Session::State {
  AnswerVerifier texts;
  CodeVerifier programs;
  TaskVerifier verifier{texts, programs};
  AsioLoop loop;  // after what its pool may still be using
  std::unique_ptr<Model> model;
};

Session::Session(const SessionOptions& options) : state_(std::make_unique<State>()) {
  EngineOptions engine;
  engine.path = ModelStore().resolve(options.model);
  engine.name = options.model;
  engine.context = options.context;
  engine.threads = options.threads;
  engine.gpu_layers = options.gpu_layers;
  engine.cache_dir = cache_folder();
  state_->model = load_engine(state_->loop, engine);
}

Session::~Session() = default;

Model& Session::model() { return *state_->model; }

Result Session::solve(const std::string& question, const Ask& ask) {
  return solve(Question{.id = "question", .task = ask.task, .messages = instruct(ask.task, question)}, ask);
}

Result Session::solve(const Question& question, const Ask& ask) {
  std::unique_ptr<Strategy> strategy = make_strategy(ask.strategy);
  Run done = state_->loop.run(
      run(question, *strategy, *state_->model, state_->verifier,
          {.budget = ask.budget, .seed = ask.seed, .sampling = ask.sampling, .until = {.tokens = ask.max_tokens}}));
  return {std::move(done.outcome), std::move(done.receipt)};
}

}  // namespace reckon
