#include <reckon/error.h>

#include "engine/engine.h"

namespace reckon {

std::unique_ptr<EngineModel> load_engine(Loop&, EngineOptions) {
  throw Error(Code::unsupported,
              "this build has no embedded engine; run `tools/build-llama` and build again, or use a model server");
}

std::string engine_version() { return ""; }

}  // namespace reckon
