#pragma once
#include <string>
#include <vector>

#include "eval/boinf.h"
#include "eval/pool.h"
#include "eval/recordings_pools.h"

namespace reckon {

struct PoolFiles {
  std::vector<Pool> pools;
  std::vector<std::string> notes;  // lines that were left out: "FILE line N: why"
};

// Pools of any of the known formats: `format` is "auto", "boinf" or one of import_formats(). Recordings of one data set
// and model come together from all the files. Throws Error{not_found, invalid_request, unsupported}.
PoolFiles read_pools(const std::vector<std::string>& paths, const std::string& format, CostOf cost,
                     const AnswerRules& rules);

}  // namespace reckon
