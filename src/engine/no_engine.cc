#include <reckon/error.h>

#include "engine/engine.h"

namespace reckon {

namespace {
[[noreturn]] void refuse() {
  throw Error(Code::unsupported,
              "this build has no embedded engine; run `tools/build-llama` and build again, or use a model server");
}
}  // namespace

std::unique_ptr<EngineModel> load_engine(Loop&, EngineOptions) { refuse(); }  // NOLINT(performance-unnecessary-value-param)
int64_t engine_bytes(const EngineOptions&) { refuse(); }

std::string engine_version() { return ""; }

}  // namespace reckon
