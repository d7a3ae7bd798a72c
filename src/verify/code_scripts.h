#pragma once
#include <string>

namespace reckon {

// Python programs of the two sandboxes in which Python tests run (docs/code-sandbox.md): descriptor 0 of the judge is
// its line to Reckon, descriptor 3 of both the line between them. Lines are JSON.
std::string judge_script();
std::string player_script();

}  // namespace reckon
