#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/paths.h"
#include "models/download.h"

#include <reckon/error.h>

namespace reckon {

PartialFile::PartialFile(std::filesystem::path final_path) : final_(std::move(final_path)), path_(final_) {
  path_ += ".part";
  make_folder(path_.parent_path());
  file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file_ < 0) fail("write");
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    close(file_);
    throw Error(Code::environment,
                fmt::format("another process is fetching {}; wait until it is done", final_.string()));
  }
  reread_size();
}

PartialFile::~PartialFile() {
  if (size_ == 0) {  // nothing came: leave no trace, not even the folders that were made for it
    std::error_code none;
    std::filesystem::remove(path_, none);
    std::filesystem::remove(path_.parent_path(), none);
    std::filesystem::remove(path_.parent_path().parent_path(), none);
  }
  close(file_);
}

void PartialFile::fail(const char* doing) const {
  std::string why = std::strerror(errno);
  const char* advice = errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? "; free some space and run it again" : "";
  throw Error(Code::environment, fmt::format("cannot {} {}: {}{}", doing, path_.string(), why, advice));
}

void PartialFile::reread_size() {
  struct stat facts{};
  if (fstat(file_, &facts) != 0) fail("read");
  size_ = facts.st_size;
}

void PartialFile::write(const char* data, size_t size) {
  while (size > 0) {
    ssize_t wrote = ::write(file_, data, size);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail("write");
    data += wrote, size -= static_cast<size_t>(wrote), size_ += wrote;
  }
}

void PartialFile::truncate(int64_t size) {
  if (ftruncate(file_, size) != 0) fail("write");
  size_ = size;
}

void PartialFile::require_space(int64_t bytes) const {
  std::error_code unknown;
  auto space = std::filesystem::space(path_.parent_path(), unknown);
  if (unknown || bytes <= 0 || space.available >= static_cast<uint64_t>(bytes)) return;
  throw Error(
      Code::environment,
      fmt::format("{} needs {:.0f} MB more than is there: {:.0f} MB are free in {}; free some space or set "
                  "XDG_DATA_HOME or HF_HOME to another disk",
                  final_.filename().string(), (static_cast<double>(bytes) - static_cast<double>(space.available)) / 1e6,
                  static_cast<double>(space.available) / 1e6, path_.parent_path().string()));
}

void PartialFile::finish() {
  if (fsync(file_) != 0) fail("write");
  if (rename(path_.c_str(), final_.c_str()) != 0) fail("rename");
  path_ = final_;
  int folder = open(final_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  fsync(folder);  // so that the new name survives a power cut
  close(folder);
}

void PartialFile::discard() { truncate(0); }

}  // namespace reckon
