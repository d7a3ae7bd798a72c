#pragma once
#include <vector>

#include "base/asio_loop.h"
#include "serve/config.h"
#include "serve/model_pool.h"

namespace reckon {

// The models of the configuration, for the server to load when they are asked for. Their files are found and looked at
// now: throws the Error of the first that cannot be used.
std::vector<OfferedModel> offered_models(const ServeConfig& config, Loop& loop);

}  // namespace reckon
