#include "engine/engine.h"
#include "engine/llama_handles.h"

namespace reckon {

std::string engine_version() { return llama_engine_name(); }

}  // namespace reckon
