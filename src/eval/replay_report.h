#pragma once
#include <string>

#include "eval/replay.h"

namespace reckon {

std::string replay_table(const ReplayReport& report);  // for a person
// {"version", "command", "seed", "orders", "resamples", "level", "width", "notes": [...],
//  "pools": [{"name", "questions", "most", "curve": {"accuracy": [...], "cost": [...]},
//             "rows": [{"policy", "accuracy", "tokens", "cost", "samples", "sequential", "seconds", "flops",
//                       "d": {"value", "lo", "hi"}, "ratio": {"value", "lo", "hi", "p_above_1"},
//                       "match": {"value", "lo", "hi"}, "x64"}]}],
//  "macro": [the same rows]}
// A number that does not exist is null: a ratio no fixed N reaches, an interval over one question.
std::string replay_json(const ReplayReport& report);
std::string replay_csv(const ReplayReport& report);  // one row per question and policy

}  // namespace reckon
