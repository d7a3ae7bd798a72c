#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace reckon {

// A file of lines that survives kill -9 and a full disk: a line is whole and on the disk when append() returns, or it
// is not in the file at all. One writer at a time (an advisory lock; a second one is refused). One thread.
class AppendFile {
 public:
  enum class Keep {
    synced,   // append() waits for the disk
    written,  // it does not: a power cut takes the last lines
  };
  // Creates the file if need be; a torn last line (no newline) is cut off. Throws Error{environment}.
  explicit AppendFile(std::string path, Keep keep = Keep::synced);
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  ~AppendFile();

  void append(std::string_view line);  // without its newline
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Keep keep_;
  int file_ = -1;
  int64_t size_ = 0;
};

}  // namespace reckon
