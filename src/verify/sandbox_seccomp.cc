#include "verify/sandbox_seccomp.h"

#include <seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include <reckon/error.h>

namespace reckon {
namespace {

// Nothing that computes needs these. Names, so that a call unknown to this architecture is simply left out.
constexpr const char* kKilled[] = {
    "acct",
    "add_key",
    "bpf",
    "chroot",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "swapoff",
    "swapon",
    "syslog",
    "umount2",
    "unshare",
    "userfaultfd",
    "uselib",
    "vhangup",
    "clock_settime",
};

// Memory that no limit would count (message queues, shared memory, memory files), calls that programs try and can do
// without, and those that slow down another process of the sandbox.
constexpr const char* kRefused[] = {"memfd_create",
                                    "memfd_secret",
                                    "msgget",
                                    "semget",
                                    "shmget",
                                    "mq_open",
                                    "vmsplice",
                                    "personality",
                                    "mbind",
                                    "set_mempolicy",
                                    "migrate_pages",
                                    "setpriority",
                                    "sched_setattr",
                                    "sched_setaffinity",
                                    "sched_setscheduler",
                                    "sched_setparam",
                                    "ioprio_set"};

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};
using Filter = std::unique_ptr<void, Release>;

void check(int status) {
  if (status < 0) throw Error(Code::environment, "the sandbox's system call filter cannot be built on this machine");
}

void add(const Filter& filter, uint32_t action, const char* name) {
  int number = seccomp_syscall_resolve_name(name);
  if (number >= 0) check(seccomp_rule_add(filter.get(), action, number, 0));
}

void add_namespaces(const Filter& filter) {
  // clone3 hides its flags from the filter; without it libc uses clone.
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
  for (uint64_t flag :
       {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP})
    check(seccomp_rule_add(filter.get(), SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
                           scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, flag, flag}));
}

std::string exported(const Filter& filter) {
  int fd = memfd_create("seccomp", MFD_CLOEXEC);
  check(fd);
  int status = seccomp_export_bpf(filter.get(), fd);
  std::string program;
  char buffer[4096];
  lseek(fd, 0, SEEK_SET);
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) program.append(buffer, static_cast<size_t>(n));
  close(fd);
  check(status);
  return program;
}

}  // namespace

std::string seccomp_program() {
  Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) check(-1);
  for (const char* name : kKilled) add(filter, SCMP_ACT_KILL_PROCESS, name);
  for (const char* name : kRefused) add(filter, SCMP_ACT_ERRNO(EPERM), name);
  add_namespaces(filter);
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                         scmp_arg_cmp{0, SCMP_CMP_NE, AF_UNIX, 0}));
  // The limits of other processes: those of the interpreter that waits would be the next test's.
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 1,
                         scmp_arg_cmp{0, SCMP_CMP_NE, 0, 0}));
  for (uint64_t request : {TIOCSTI, TIOCLINUX})  // input faked on the user's terminal
    check(seccomp_rule_add(filter.get(), SCMP_ACT_KILL_PROCESS, SCMP_SYS(ioctl), 1,
                           scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, 0xffffffffu, request}));
  return exported(filter);
}

}  // namespace reckon
