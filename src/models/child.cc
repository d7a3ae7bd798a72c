#include "models/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <reckon/error.h>

extern char** environ;

namespace reckon {
namespace {

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions); }
  posix_spawn_file_actions_t actions{};
};

class Descriptor {
 public:
  explicit Descriptor(int file) : file_(file) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  void reset() {
    if (file_ >= 0) close(file_);
    file_ = -1;
  }
  int get() const { return file_; }

 private:
  int file_;
};

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  size_t newline = text.rfind('\n');
  return newline == std::string::npos ? text : text.substr(newline + 1);
}

pid_t start(const std::vector<std::string>& arguments, int output, int errors) {
  SpawnActions files;
  posix_spawn_file_actions_addopen(&files.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (output >= 0) posix_spawn_file_actions_adddup2(&files.actions, output, STDOUT_FILENO);
  else posix_spawn_file_actions_addopen(&files.actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files.actions, errors, STDERR_FILENO);
  posix_spawnattr_t attributes{};
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // its own group: ended as a whole
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  int error = posix_spawnp(&child, argv[0], &files.actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (error == ENOENT)
    throw Error(Code::environment, fmt::format("the program {} is not here; install it", arguments.front()));
  if (error != 0)
    throw Error(Code::environment, fmt::format("cannot start {}: {}", arguments.front(), std::strerror(error)));
  return child;
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& arguments, int output, const std::function<bool()>& alive) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(Code::environment, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  Descriptor from(ends[0]), into(ends[1]);
  pid_t child = start(arguments, output, into.get());
  into.reset();

  std::string errors;
  std::array<char, 4096> buffer{};
  for (bool killed = false;;) {
    pollfd ready{.fd = from.get(), .events = POLLIN, .revents = 0};
    int count = poll(&ready, 1, 100);
    if (!killed && !alive()) {
      kill(-child, SIGTERM);
      killed = true;
    }
    if (count <= 0) continue;
    ssize_t got = read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    errors.append(buffer.data(), static_cast<size_t>(got));
    if (errors.size() > 16384) errors.erase(0, errors.size() - 8192);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), .last_line = last_line(errors)};
}

}  // namespace reckon
