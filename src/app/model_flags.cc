#include "app/model_flags.h"

#include <fmt/format.h>

#include "base/paths.h"
#include "engine/engine.h"
#include "models/store.h"

#include <reckon/error.h>

namespace reckon {
namespace {
void require(bool fine, const char* option, double value, const char* range) {
  if (!fine) throw Error(Code::invalid_request, fmt::format("{} {} is not in {}", option, value, range));
}
}  // namespace

void ModelFlags::declare(Flags& flags) {
  flags.option("--model", model, "Alias, hf:REPO/FILE or path of a GGUF file.");
  flags.option("--context", context, "Tokens of prompt and answer together.");
  flags.option("--threads", threads, "Threads of the engine; 0: the cores that are free.");
  flags.option("--gpu-layers", gpu_layers, "Layers on the GPU; -1: as many as fit.");
}

std::unique_ptr<Model> ModelFlags::load(Loop& loop, bool mixed) const {
  require(context >= 16, "--context", context, "16 or more");
  require(threads >= 0 && threads <= 512, "--threads", threads, "0..512");
  EngineOptions options;
  options.path = ModelStore().resolve(model);
  options.name = model;
  options.context = context;
  options.threads = threads;
  options.gpu_layers = gpu_layers;
  options.mixed = mixed;
  options.cache_dir = cache_folder();
  return load_engine(loop, options);
}

void RunFlags::declare(Flags& flags) {
  flags.option("--budget", budget, "Ceilings: tokens=N,samples=N,seconds=S,flops=X.");
  flags.option("--seed", seed, "Seed of the samples.");
  flags.option("--max-tokens", max_tokens, "Tokens of each sample.");
  flags.option("--temperature", temperature, "Spread of the samples; 0: the most likely token.");
  flags.option("--top-p", top_p, "Nucleus; 1: off.");
  flags.option("--top-k", top_k, "Candidates; 0: off.");
  flags.option("--min-p", min_p, "Least share of the top token's probability; 0: off.");
}

RunOptions RunFlags::options() const {
  require(max_tokens >= 1, "--max-tokens", max_tokens, "1 or more");
  require(temperature >= 0 && temperature <= 5, "--temperature", temperature, "0..5");
  require(top_p > 0 && top_p <= 1, "--top-p", top_p, "(0, 1]");
  require(top_k >= 0, "--top-k", top_k, "0 or more");
  require(min_p >= 0 && min_p < 1, "--min-p", min_p, "[0, 1)");
  return {.budget = parse_budget(budget),
          .seed = seed,
          .sampling = {.temperature = temperature, .top_k = top_k, .top_p = top_p, .min_p = min_p},
          .until = {.tokens = max_tokens}};
}

}  // namespace reckon
