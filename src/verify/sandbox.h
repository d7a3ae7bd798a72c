#pragma once
#include <memory>
#include <string>
#include <vector>

#include "verify/sandbox_process.h"

namespace reckon {

struct SandboxOptions {
  std::string bwrap = "/usr/bin/bwrap";
  std::string python = "/usr/bin/python3";
  std::string compiler = "/usr/bin/g++";  // for C++ programs
  std::vector<std::string> readable;      // folders shown read-only besides /usr
};

// A file that a job finds in its folder /work. It cannot be changed or deleted there.
struct SandboxFile {
  std::string name;
  std::string content;
  bool executable = false;
};

struct SandboxJob {
  std::vector<std::string> argv;  // argv[0] is an absolute path inside the sandbox
  std::string input;              // standard input
  std::vector<SandboxFile> files;
  Limits limits;
};

enum class RunEnd { exited, timeout, out_of_memory, output_limit, refused, unavailable };
std::string_view name(RunEnd end);

struct RunResult {
  RunEnd end = RunEnd::unavailable;
  int exit_code = -1;  // of a program that exited; 128 + n when signal n ended it
  std::string output, errors;
  std::string reason;  // one sentence where the end is not `exited`
  double seconds = 0;
};

// What a program inside a sandbox is given besides its standard streams.
struct SandboxChannels {
  int input = -1, output = -1, errors = -1;  // our descriptors; -1: the null device
  int extra = -1;                            // becomes descriptor 3
};

// A program running in its sandbox; killed with everything it started when dropped.
struct Contained {
  ChildProcess process;
  Fd status;  // bubblewrap's own report, which the program cannot write to
};

// How a contained program ended, from bubblewrap's report: nothing when the sandbox could not be set up or was killed.
std::optional<int> parse_exit_code(std::string_view status);

// Runs programs that nobody trusts: bubblewrap with own user, mount, process, network, IPC, host name and cgroup
// namespaces, a system call filter, resource limits, an empty environment, /usr read-only, no /proc, no home, one small
// writable folder (/work). Run as root, it first becomes an unprivileged user. Fails closed: where such a sandbox
// cannot be set up nothing is run. Safe from any thread; `run` blocks.
class Sandbox {
 public:
  explicit Sandbox(SandboxOptions options = {});
  ~Sandbox();
  // "" when sandboxes work here; else one sentence that says what is missing. Found out once, at construction.
  const std::string& unavailable() const { return unavailable_; }
  RunResult run(const SandboxJob& job) const;
  const SandboxOptions& options() const { return options_; }

  // For WarmPool: starts a program and returns at once. The sandbox dies with the calling thread.
  Contained start(const SandboxJob& job, const SandboxChannels& channels) const;

 private:
  std::vector<std::string> command(const SandboxJob& job, std::vector<ChildProcess::Passed>& passed,
                                   std::vector<Fd>& held) const;
  std::string probe() const;

  SandboxOptions options_;
  std::string filter_;  // seccomp program
  std::string unavailable_;
};

// The limits that are really in force, for `doctor` and the documentation.
std::string describe_limits(const Limits& limits);

}  // namespace reckon
