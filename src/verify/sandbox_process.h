#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reckon {

// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }
  int get() const { return fd_; }
  void reset();
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct FdPair {
  Fd first, second;
};
FdPair make_pipe();         // first reads what second writes
FdPair make_socket_pair();  // both ends read and write
Fd make_memory_file(std::string_view content);
// Sends one byte over a socket, and with it at most four descriptors, which stay open here too. False when nobody can
// receive it.
bool send_byte(const Fd& socket, char byte, std::initializer_list<int> descriptors = {});
// What is said next over a socket, at most 64 bytes; "" where it is closed or nothing is said in time.
std::string hear(const Fd& socket, std::chrono::milliseconds patience);

// A started child, killed and reaped when dropped. It must be started by a thread that outlives it: a sandbox dies with
// the thread that started it.
class ChildProcess {
 public:
  struct Passed {
    int ours, theirs;  // our descriptor becomes their number
  };
  ChildProcess() = default;
  // Throws Error{environment} when the program cannot be started.
  ChildProcess(const std::vector<std::string>& argv, const std::vector<Passed>& passed);
  ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  ChildProcess& operator=(ChildProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  ~ChildProcess() { kill(); }
  pid_t pid() const { return pid_; }
  void kill();

 private:
  pid_t pid_ = -1;
};

// Ceilings of one run; all are hard. The time limit is far above that of CPU time, so that a program that computes gets
// the same verdict on a busy machine.
struct Limits {
  double wall_seconds = 30;
  int cpu_seconds = 10;                // per process
  int64_t memory_bytes = 512ll << 20;  // address space of each process, and resident memory of all together
  int64_t output_bytes = 1ll << 20;    // standard output and standard error together
  int processes = 64;                  // and threads
  int64_t disk_bytes = 64ll << 20;     // of the only writable folder, which lives in memory
};

// Why the watch over running sandboxes ended.
enum class WatchEnd { finished, timeout, out_of_memory, output_limit };

// One descriptor to read until its end. The watch is finished when every essential stream has ended.
struct WatchedStream {
  int fd = -1;
  std::string* sink = nullptr;
  bool essential = false;
  bool counted = false;  // towards Limits::output_bytes; others are cut off at 64 MiB
};

struct Watch {
  std::vector<WatchedStream> streams;
  std::vector<pid_t> processes;  // roots of the trees whose resident memory is summed
  Fd* feed = nullptr;            // where `input` is written; closed after it
  std::string_view input;
  std::chrono::steady_clock::time_point deadline;
};
WatchEnd watch(Watch& watch, const Limits& limits);

// Resident private memory of the process and all its descendants, in bytes.
int64_t tree_memory(pid_t root);

}  // namespace reckon
