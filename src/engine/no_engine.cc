#include <reckon/error.h>

#include "engine/engine.h"

namespace reckon {

namespace {
[[noreturn]] void refuse() {
  throw Error(Code::unsupported,
              "this build has no embedded engine; run `tools/build-llama` and build again, or use a model server");
}
}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param)
std::unique_ptr<EngineModel> load_engine(Loop&, EngineOptions) { refuse(); }
int64_t engine_bytes(const EngineOptions&) { refuse(); }

std::string engine_version() { return ""; }

}  // namespace reckon
