#include "app/serve_models.h"

#include <algorithm>

#include "base/paths.h"
#include "engine/engine.h"
#include "models/store.h"

namespace reckon {
namespace {

EngineOptions options_of(const ServeConfig::Model& model, const ServeConfig& config) {
  const ServeConfig::Engine& server = config.engine;
  EngineOptions options;
  options.path = resolve_model(model.file);
  options.name = model.name;
  options.context = model.engine.context.value_or(server.context.value_or(options.context));
  options.threads = model.engine.threads.value_or(server.threads.value_or(options.threads));
  options.gpu_layers = model.engine.gpu_layers.value_or(server.gpu_layers.value_or(options.gpu_layers));
  options.kv_cells = model.engine.kv_cells.value_or(server.kv_cells.value_or(options.kv_cells));
  options.mixed = config.limits.active > 1;
  // A part of llama.cpp's work for each step grows with the square of it.
  options.max_branches = std::clamp(8 * config.limits.active, 64, options.max_branches);
  options.cache_dir = cache_folder();
  return options;
}

EngineCounts counts_of(const EngineModel& model) {
  EngineStatus status = model.status();
  return {.prompt = status.prompt_tokens,
          .generated = status.generated_tokens,
          .recomputed = status.recomputed_tokens,
          .steps = status.steps,
          .last_step_ms = status.last_step_ms,
          .branches = status.branches,
          .cells = status.cells,
          .cells_used = status.cells_used};
}

}  // namespace

std::vector<OfferedModel> offered_models(const ServeConfig& config, Loop& loop) {
  std::vector<OfferedModel> offers;
  for (const ServeConfig::Model& model : config.models) {
    EngineOptions options = options_of(model, config);
    auto load = [options, &loop](const std::function<bool(double)>& progress) {
      EngineOptions own = options;
      own.progress = progress;
      std::unique_ptr<EngineModel> engine = load_engine(loop, own);
      EngineModel& itself = *engine;
      return LoadedModel{.model = std::move(engine),
                         .counts = [&itself] { return counts_of(itself); },
                         .settled = [&itself] { return itself.settled(); }};
    };
    offers.push_back({.name = model.name, .bytes = engine_bytes(options), .load = std::move(load)});
  }
  return offers;
}

}  // namespace reckon
