#pragma once
#include <memory>
#include <string>

#include "base/append_file.h"

namespace reckon {

// The server's access log: one line a request. A line survives the end of the process, not a power cut: the loop does
// not wait for the disk. Where a line cannot be written it is lost, which is said once on standard error, and the
// server goes on.
class AccessLog {
 public:
  explicit AccessLog(std::string path);  // "": nowhere, "-": standard error. Throws Error{environment}.
  void write(const std::string& line) noexcept;
  void reopen();  // the file of this name as it is now: what logrotate asks for

 private:
  void fail(const std::string& why) noexcept;
  const std::string path_;
  std::unique_ptr<AppendFile> file_;
  bool failing_ = false;
};

}  // namespace reckon
