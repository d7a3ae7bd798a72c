#pragma once
#include "eval/replay.h"
#include "eval/report_page.h"

namespace reckon {

// The page of `reckon replay --html`: the mean over pools first where there are several, then every pool.
Page replay_page(const ReplayReport& report);

}  // namespace reckon
