#pragma once
#include <string>

namespace reckon {

// Python programs of the two sandboxes in which Python tests run (docs/code-sandbox.md). Started, both wait behind
// their door, descriptor 3, and fork for every test. In the forked process descriptor 0 of the judge is its line to
// Reckon and descriptor 3 of both the line between them; these lines are JSON.
std::string judge_script();
std::string player_script();

}  // namespace reckon
