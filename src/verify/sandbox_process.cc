#include "verify/sandbox_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr int kHighFd = 200;  // above every number that a child is given
constexpr auto kMemoryPeriod = std::chrono::milliseconds(10);
constexpr size_t kStreamCeiling = 64u << 20;

[[noreturn]] void fail(const char* what) {
  throw Error(Code::environment, fmt::format("cannot {} for the sandbox: {}", what, std::strerror(errno)));
}

// Moved out of the way of the numbers that children are given, so that passing is a plain dup2.
Fd high(int fd) {
  if (fd < 0) fail("open a descriptor");
  Fd low(fd);
  Fd moved(fcntl(fd, F_DUPFD_CLOEXEC, kHighFd));
  if (!moved) fail("open a descriptor");
  return moved;
}

int64_t status_kilobytes(const std::string& status, std::string_view field) {
  size_t at = status.find(field);
  return at == std::string::npos ? 0 : std::atoll(status.c_str() + at + field.size());
}

// A small file of /proc; "" when its process is gone.
std::string slurp(const std::string& path) {
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[4096];
  for (ssize_t n; file && (n = read(file.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(n));
  return text;
}

void add_memory(pid_t pid, int depth, int64_t& total) {
  std::string status = slurp(fmt::format("/proc/{}/status", pid));
  total += 1024 * (status_kilobytes(status, "\nRssAnon:") + status_kilobytes(status, "\nRssShmem:"));
  if (depth > 16) return;
  std::string children = slurp(fmt::format("/proc/{0}/task/{0}/children", pid));
  for (const char* p = children.c_str(); *p != 0;) {
    char* end = nullptr;
    auto child = static_cast<pid_t>(std::strtol(p, &end, 10));
    if (end == p) break;
    add_memory(child, depth + 1, total);
    p = end;
    while (*p == ' ') ++p;
  }
}

// Writes what fits without blocking; closes the feed at the end of the input or when nobody reads any more.
void feed(Watch& watch) {
  ssize_t n = send(watch.feed->get(), watch.input.data(), watch.input.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0) watch.input = {};
  if (n > 0) watch.input.remove_prefix(static_cast<size_t>(n));
  if (watch.input.empty()) {
    shutdown(watch.feed->get(), SHUT_WR);
    watch.feed = nullptr;
  }
}

// False when the stream has ended.
bool take(WatchedStream& stream, int64_t& counted) {
  char buffer[65536];
  ssize_t n = read(stream.fd, buffer, sizeof buffer);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (n <= 0) return false;
  if (stream.counted) counted += n;
  if (stream.sink != nullptr && stream.sink->size() < kStreamCeiling)
    stream.sink->append(buffer, static_cast<size_t>(n));
  return true;
}

}  // namespace

void Fd::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

FdPair make_pipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) fail("make a pipe");
  Fd second(fds[1]);
  FdPair pair;
  pair.first = high(fds[0]);
  pair.second = high(fcntl(second.get(), F_DUPFD_CLOEXEC, kHighFd));
  return pair;
}

FdPair make_socket_pair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) fail("make a socket");
  Fd second(fds[1]);
  FdPair pair;
  pair.first = high(fds[0]);
  pair.second = high(fcntl(second.get(), F_DUPFD_CLOEXEC, kHighFd));
  return pair;
}

Fd make_memory_file(std::string_view content) {
  Fd file = high(memfd_create("reckon", MFD_CLOEXEC));
  for (std::string_view rest = content; !rest.empty();) {
    ssize_t n = write(file.get(), rest.data(), rest.size());
    if (n <= 0) fail("fill a file");
    rest.remove_prefix(static_cast<size_t>(n));
  }
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

bool send_byte(const Fd& socket, char byte, std::initializer_list<int> descriptors) {
  iovec content{&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(4 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  if (descriptors.size() > 0) {
    const size_t bytes = descriptors.size() * sizeof(int);
    message.msg_control = space;
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(header), descriptors.begin(), bytes);
  }
  return sendmsg(socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

std::string hear(const Fd& socket, std::chrono::milliseconds patience) {
  pollfd waiting{socket.get(), POLLIN, 0};
  char said[64];
  if (poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return "";
  ssize_t n = recv(socket.get(), said, sizeof said, MSG_DONTWAIT);
  return std::string(said, static_cast<size_t>(std::max<ssize_t>(0, n)));
}

ChildProcess::ChildProcess(const std::vector<std::string>& argv, const std::vector<Passed>& passed) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  char* environment[] = {nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  int last = 2;
  for (const Passed& fd : passed) {
    posix_spawn_file_actions_adddup2(&actions, fd.ours, fd.theirs);
    last = std::max(last, fd.theirs);
  }
  // What others in this process leave open, or it inherited: everything above, and the gaps between the passed numbers.
  posix_spawn_file_actions_addclosefrom_np(&actions, last + 1);
  for (int number = 0; number < last; ++number)
    if (std::ranges::none_of(passed, [&](const Passed& fd) { return fd.theirs == number; }))
      posix_spawn_file_actions_addclose(&actions, number);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);  // an interrupt at the terminal is for us to handle
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  int error = posix_spawn(&pid_, argv.front().c_str(), &actions, &attributes, arguments.data(), environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    pid_ = -1;
    throw Error(Code::environment, fmt::format("cannot start {}: {}", argv.front(), std::strerror(error)));
  }
}

void ChildProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

int64_t tree_memory(pid_t root) {
  int64_t total = 0;
  add_memory(root, 0, total);
  return total;
}

WatchEnd watch(Watch& watch, const Limits& limits) {
  using Clock = std::chrono::steady_clock;
  int64_t counted = 0;
  auto next_check = Clock::now() + kMemoryPeriod;
  std::vector<pollfd> polled;
  while (std::any_of(watch.streams.begin(), watch.streams.end(), [](auto& s) { return s.essential; })) {
    polled.clear();
    for (const WatchedStream& stream : watch.streams) polled.push_back({stream.fd, POLLIN, 0});
    if (watch.feed != nullptr) polled.push_back({watch.feed->get(), POLLOUT, 0});
    auto now = Clock::now();
    if (now >= watch.deadline) return WatchEnd::timeout;
    if (now >= next_check) {
      int64_t memory = 0;
      for (pid_t pid : watch.processes) memory += tree_memory(pid);
      if (memory > limits.memory_bytes) return WatchEnd::out_of_memory;
      next_check = Clock::now() + kMemoryPeriod;
    }
    auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min(next_check, watch.deadline) - now);
    poll(polled.data(), polled.size(), static_cast<int>(std::max<int64_t>(0, wait.count())));
    if (watch.feed != nullptr && polled.back().revents != 0) feed(watch);
    for (size_t i = watch.streams.size(); i-- > 0;)
      if (polled[i].revents != 0 && !take(watch.streams[i], counted))
        watch.streams.erase(watch.streams.begin() + static_cast<std::ptrdiff_t>(i));
    if (counted > limits.output_bytes) return WatchEnd::output_limit;
  }
  return WatchEnd::finished;
}

}  // namespace reckon
