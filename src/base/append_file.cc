#include "base/append_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <reckon/error.h>

namespace reckon {
namespace {
[[noreturn]] void fail(const std::string& path, const char* doing) {
  std::string why = std::strerror(errno);
  throw Error(Code::environment, fmt::format("cannot {} {}: {}", doing, path, why));
}

// The size up to and including the last newline.
int64_t whole_lines(int file, int64_t size, const std::string& path) {
  std::array<char, 4096> buffer;
  while (size > 0) {
    int64_t begin = size > static_cast<int64_t>(buffer.size()) ? size - static_cast<int64_t>(buffer.size()) : 0;
    ssize_t got = pread(file, buffer.data(), static_cast<size_t>(size - begin), begin);
    if (got != size - begin) fail(path, "read");
    for (int64_t i = got; i > 0; --i)
      if (buffer[static_cast<size_t>(i - 1)] == '\n') return begin + i;
    size = begin;
  }
  return 0;
}
}  // namespace

AppendFile::AppendFile(std::string path, Keep keep) : path_(std::move(path)), keep_(keep) {
  file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) fail(path_, "open");
  try {
    if (flock(file_, LOCK_EX | LOCK_NB) != 0)
      throw Error(Code::environment,
                  fmt::format("{} is in use by another process; wait for it or write elsewhere", path_));
    struct stat facts{};
    if (fstat(file_, &facts) != 0) fail(path_, "read");
    size_ = whole_lines(file_, facts.st_size, path_);
    if (size_ != facts.st_size && ftruncate(file_, size_) != 0) fail(path_, "repair");
  } catch (...) {
    close(file_);
    throw;
  }
}

AppendFile::~AppendFile() { close(file_); }

void AppendFile::append(std::string_view line) {
  std::string whole = std::string(line) + '\n';
  for (size_t done = 0; done < whole.size();) {
    ssize_t wrote = pwrite(file_, whole.data() + done, whole.size() - done, size_ + static_cast<int64_t>(done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      int why = errno;
      if (ftruncate(file_, size_) != 0) errno = why;  // the torn line is cut off at the next opening
      errno = why;
      fail(path_, "write to");
    }
    done += static_cast<size_t>(wrote);
  }
  if (keep_ == Keep::synced && fdatasync(file_) != 0) fail(path_, "write to");
  size_ += static_cast<int64_t>(whole.size());
}

}  // namespace reckon
