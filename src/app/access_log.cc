#include "app/access_log.h"

#include <cstdio>
#include <exception>

namespace reckon {

AccessLog::AccessLog(std::string path) : path_(std::move(path)) {
  if (!path_.empty() && path_ != "-") file_ = std::make_unique<AppendFile>(path_, AppendFile::Keep::written);
}

void AccessLog::fail(const std::string& why) noexcept {
  if (!failing_) std::fprintf(stderr, "reckon: lines of the access log are lost: %s\n", why.c_str());
  failing_ = true;
}

void AccessLog::write(const std::string& line) noexcept {
  if (path_ == "-") std::fprintf(stderr, "%s\n", line.c_str());
  if (path_.empty() || path_ == "-") return;
  try {
    if (!file_) reopen();
    if (!file_) return;
    file_->append(line);
    failing_ = false;
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

void AccessLog::reopen() {
  if (path_.empty() || path_ == "-") return;
  file_.reset();  // first: it holds the lock
  try {
    file_ = std::make_unique<AppendFile>(path_, AppendFile::Keep::written);
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

}  // namespace reckon
