#pragma once
#include <string>

namespace reckon {

// The system call filter of every sandbox as a BPF program, in the form `bwrap --seccomp` takes. Calls that only an
// attack needs (ptrace, mount, bpf, new namespaces, ...) kill the process with SIGSYS; those that ordinary programs try
// and can do without (sockets other than local ones, memory files, clone3) fail with an error number.
// Throws Error{environment} where the kernel's architecture is not supported.
std::string seccomp_program();

}  // namespace reckon
