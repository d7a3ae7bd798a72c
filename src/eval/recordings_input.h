#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace reckon {

// The lines of a text file, plain or packed with zstd, without holding the file in memory.
class LineReader {
 public:
  explicit LineReader(const std::string& path);  // throws Error{not_found, environment}
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  // The next line without its newline; none at the end of what can be read. Valid until the next call.
  std::optional<std::string_view> next();
  int line() const { return line_; }  // of the line that next() gave last, from 1
  // Why the file could not be read to its end, once next() has given none; "" when it could.
  const std::string& damage() const { return damage_; }

 private:
  struct Source;
  std::unique_ptr<Source> source_;
  std::string buffer_;
  size_t begin_ = 0;  // of what is not yet given
  int line_ = 0;
  bool ended_ = false;
  std::string damage_;
};

// Calls `use(name, content)` for each file of a .tar or .tar.zst, or once, with the file's own name, for any other
// file, plain or packed with zstd. Throws Error{not_found, environment}, and Error{invalid_request} for a damaged
// archive.
void for_each_file(const std::string& path, const std::function<void(const std::string&, std::string&&)>& use);

// Writes `text` to `path`, packed with zstd when its name ends in .zst: whole or not at all. Throws Error{environment}.
void write_whole(const std::string& path, std::string_view text);

}  // namespace reckon
