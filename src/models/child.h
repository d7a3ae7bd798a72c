#pragma once
#include <functional>
#include <string>
#include <vector>

namespace reckon {

struct ChildResult {
  int status = 0;         // exit code; 128 + signal when one ended it
  std::string last_line;  // of what it wrote to stderr
};

// Runs a program found in PATH to its end, with nothing on its standard input. Its standard output goes to the
// descriptor `output`, or nowhere when that is negative. While it runs, `alive` is called about ten times a second;
// when that returns false the child and its own children are ended. Throws Error{environment} when it cannot be
// started.
ChildResult run_child(const std::vector<std::string>& arguments, int output, const std::function<bool()>& alive);

}  // namespace reckon
