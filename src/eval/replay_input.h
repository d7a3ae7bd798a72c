#pragma once
#include <string>
#include <vector>

#include "eval/boinf.h"
#include "eval/pool.h"
#include "eval/recordings_pools.h"

namespace reckon {

struct PoolInput {
  std::vector<Pool> pools;
  std::vector<std::string> notes;  // lines that could not be read, one sentence each
};

// Pools from recordings of any known format: boinf or what import_recordings reads; "auto" looks at the content.
// Throws Error where no honest number could come of them.
PoolInput read_pools(const std::vector<std::string>& files, const std::string& format, CostOf cost,
                     const AnswerRules& rules);

}  // namespace reckon
