#include "verify/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>

#include <csignal>
#include <filesystem>
#include <optional>

#include "verify/sandbox_seccomp.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSetPriv = "/usr/bin/setpriv";
constexpr const char* kPrLimit = "/usr/bin/prlimit";
constexpr int kUnprivileged = 65533;  // user and group that a root caller becomes; process limits do not bind root
constexpr int kStatusFd = 4;
constexpr int kFilterFd = 5;
constexpr int kFirstFileFd = 6;
constexpr int kBadSystemCall = 128 + SIGSYS;
constexpr int kCpuTime = 128 + SIGXCPU;

void add(std::vector<std::string>& argv, std::initializer_list<std::string> more) { argv.insert(argv.end(), more); }

void add_folders(std::vector<std::string>& argv, const std::vector<std::string>& readable) {
  add(argv, {"--ro-bind", "/usr", "/usr"});
  for (const char* folder : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code error;
    if (fs::is_symlink(folder, error)) add(argv, {"--symlink", fs::read_symlink(folder, error).string(), folder});
    else if (fs::is_directory(folder, error)) add(argv, {"--ro-bind", folder, folder});
  }
  for (const char* file : {"/etc/ld.so.cache", "/etc/alternatives"}) add(argv, {"--ro-bind-try", file, file});
  for (const std::string& folder : readable) add(argv, {"--ro-bind", folder, folder});
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/urandom"}) add(argv, {"--dev-bind", device, device});
}

void add_environment(std::vector<std::string>& argv) {
  for (auto [name, value] : {std::pair{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                             {"LANG", "C.UTF-8"},
                             {"HOME", "/work"},
                             {"TMPDIR", "/work"},
                             {"PYTHONHASHSEED", "0"},
                             {"PYTHONDONTWRITEBYTECODE", "1"}})
    add(argv, {"--setenv", name, value});
}

std::string reason_for(WatchEnd end, const Limits& limits) {
  switch (end) {
    case WatchEnd::timeout: return fmt::format("it ran longer than {:g} seconds", limits.wall_seconds);
    case WatchEnd::out_of_memory: return fmt::format("it used more than {} MiB of memory", limits.memory_bytes >> 20);
    case WatchEnd::output_limit: return fmt::format("it wrote more than {} KiB", limits.output_bytes >> 10);
    case WatchEnd::finished: break;
  }
  return "";
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

}  // namespace

std::string_view name(RunEnd end) {
  switch (end) {
    case RunEnd::exited: return "exited";
    case RunEnd::timeout: return "timeout";
    case RunEnd::out_of_memory: return "out-of-memory";
    case RunEnd::output_limit: return "output-limit";
    case RunEnd::refused: return "sandbox-refused";
    case RunEnd::unavailable: return "unavailable";
  }
  return "";
}

std::optional<int> parse_exit_code(std::string_view status) {
  for (size_t at = 0; at < status.size();) {
    size_t end = std::min(status.find('\n', at), status.size());
    boost::system::error_code error;
    boost::json::value line = boost::json::parse(status.substr(at, end - at), error);
    if (const auto* object = error ? nullptr : line.if_object())
      if (const auto* code = object->if_contains("exit-code"); code != nullptr && code->is_int64())
        return static_cast<int>(code->get_int64());
    at = end + 1;
  }
  return std::nullopt;
}

Sandbox::Sandbox(SandboxOptions options) : options_(std::move(options)) {
  try {
    filter_ = seccomp_program();
    unavailable_ = probe();
  } catch (const Error& error) {
    unavailable_ = error.what();
  }
}

Sandbox::~Sandbox() = default;

std::string Sandbox::probe() const {
  std::vector<const char*> needed = {options_.bwrap.c_str(), kPrLimit};
  if (geteuid() == 0) needed.push_back(kSetPriv);
  for (const char* program : needed)
    if (access(program, X_OK) != 0)
      return fmt::format("{} is missing, so no program is run; install bubblewrap and util-linux", program);
  SandboxJob job;
  job.argv = {"/usr/bin/true"};
  RunResult result = run(job);
  if (result.end == RunEnd::exited && result.exit_code == 0) return "";
  std::string why = result.errors.empty() ? result.reason : first_line(result.errors);
  return fmt::format("this machine does not let bubblewrap make a sandbox, so no program is run ({})", why);
}

std::vector<std::string> Sandbox::command(const SandboxJob& job, std::vector<ChildProcess::Passed>& passed,
                                          std::vector<Fd>& held) const {
  std::vector<std::string> argv;
  if (geteuid() == 0)
    add(argv, {kSetPriv, fmt::format("--reuid={}", kUnprivileged), fmt::format("--regid={}", kUnprivileged),
               "--clear-groups", "--"});
  add(argv, {options_.bwrap, "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
             "--unshare-cgroup-try", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--die-with-parent",
             "--new-session", "--cap-drop", "ALL", "--clearenv"});
  add_environment(argv);
  add_folders(argv, options_.readable);
  add(argv, {"--size", std::to_string(job.limits.disk_bytes), "--tmpfs", "/work", "--symlink", "work", "/tmp"});
  auto pass = [&](std::string_view content, int number) {
    held.push_back(make_memory_file(content));
    passed.push_back({held.back().get(), number});
    return std::to_string(number);
  };
  int number = kFirstFileFd;
  for (const SandboxFile& file : job.files)
    add(argv, {"--perms", file.executable ? "0555" : "0444", "--ro-bind-data", pass(file.content, number++),
               "/work/" + file.name});
  add(argv, {"--remount-ro", "/", "--chdir", "/work", "--seccomp", pass(filter_, kFilterFd), "--json-status-fd",
             std::to_string(kStatusFd), "--", kPrLimit, fmt::format("--as={}", job.limits.memory_bytes),
             fmt::format("--nproc={}", job.limits.processes), fmt::format("--fsize={}", job.limits.disk_bytes),
             fmt::format("--cpu={}:{}", job.limits.cpu_seconds, job.limits.cpu_seconds + 1), "--nofile=64", "--core=0",
             "--memlock=0", "--msgqueue=0", "--"});
  argv.insert(argv.end(), job.argv.begin(), job.argv.end());
  return argv;
}

Contained Sandbox::start(const SandboxJob& job, const SandboxChannels& channels) const {
  std::vector<ChildProcess::Passed> passed;
  std::vector<Fd> held;
  std::vector<std::string> argv = command(job, passed, held);
  Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  null = Fd(fcntl(null.get(), F_DUPFD_CLOEXEC, 200));
  int streams[] = {channels.input, channels.output, channels.errors};
  for (int i = 0; i < 3; ++i) passed.push_back({streams[i] >= 0 ? streams[i] : null.get(), i});
  if (channels.extra >= 0) passed.push_back({channels.extra, 3});
  FdPair status = make_pipe();
  passed.push_back({status.second.get(), kStatusFd});
  Contained contained;
  contained.process = ChildProcess(argv, passed);
  contained.status = std::move(status.first);
  return contained;
}

RunResult Sandbox::run(const SandboxJob& job) const {
  RunResult result;
  if (!unavailable_.empty()) {
    result.reason = unavailable_;
    return result;
  }
  auto start_time = std::chrono::steady_clock::now();
  FdPair input = make_socket_pair(), output = make_pipe(), errors = make_pipe();
  Contained running = start(job, {input.second.get(), output.second.get(), errors.second.get()});
  input.second.reset();
  output.second.reset();
  errors.second.reset();

  std::string status;
  Watch watched{.streams = {{output.first.get(), &result.output, true, true},
                            {errors.first.get(), &result.errors, true, true},
                            {running.status.get(), &status, true, false}},
                .processes = {running.process.pid()},
                .feed = &input.first,
                .input = job.input,
                .deadline = start_time + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                             std::chrono::duration<double>(job.limits.wall_seconds))};
  WatchEnd end = watch(watched, job.limits);
  running.process.kill();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_time).count();
  result.reason = reason_for(end, job.limits);
  if (end == WatchEnd::timeout) result.end = RunEnd::timeout;
  if (end == WatchEnd::out_of_memory) result.end = RunEnd::out_of_memory;
  if (end == WatchEnd::output_limit) result.end = RunEnd::output_limit;
  if (end != WatchEnd::finished) return result;

  std::optional<int> code = parse_exit_code(status);
  if (!code) {
    result.reason = "the sandbox could not be set up: " + first_line(result.errors);
    return result;
  }
  result.exit_code = *code;
  result.end = RunEnd::exited;
  if (*code == kBadSystemCall) result.end = RunEnd::refused, result.reason = "it made a forbidden system call";
  if (*code == kCpuTime) {
    result.end = RunEnd::timeout;
    result.reason = fmt::format("it used more than {} seconds of CPU time", job.limits.cpu_seconds);
  }
  return result;
}

std::string describe_limits(const Limits& limits) {
  return fmt::format(
      "{:g} s of time, {} s of CPU time a process, {} MiB of memory (address space of each process, and resident "
      "memory "
      "of all together looked at every 10 ms; no cgroup), {} processes and threads, {} MiB of disk in memory, {} KiB "
      "of "
      "output",
      limits.wall_seconds, limits.cpu_seconds, limits.memory_bytes >> 20, limits.processes, limits.disk_bytes >> 20,
      limits.output_bytes >> 10);
}

}  // namespace reckon
