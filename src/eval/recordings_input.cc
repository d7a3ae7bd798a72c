#include "eval/recordings_input.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr size_t kBlock = 1 << 16;

struct Close {
  void operator()(archive* a) const { archive_read_free(a); }
};
using Reading = std::unique_ptr<archive, Close>;

struct CloseWriting {
  void operator()(archive* a) const { archive_write_free(a); }
};
using Writing = std::unique_ptr<archive, CloseWriting>;

std::string why(archive* a) {
  const char* text = archive_error_string(a);
  return text ? text : "unknown error";
}

Reading open_file(const std::string& path, bool members) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    throw Error(Code::not_found, fmt::format("{} does not exist; check the path", path));
  if (std::filesystem::is_directory(path, error))
    throw Error(Code::invalid_request, fmt::format("{} is a folder; name the files in it", path));
  Reading a(archive_read_new());
  archive_read_support_filter_zstd(a.get());
  archive_read_support_format_raw(a.get());
  archive_read_support_format_empty(a.get());
  if (members) archive_read_support_format_tar(a.get());
  if (archive_read_open_filename(a.get(), path.c_str(), kBlock) != ARCHIVE_OK) {
    if (archive_errno(a.get()) == EACCES)
      throw Error(Code::environment, fmt::format("cannot read {}: permission denied", path));
    throw Error(Code::invalid_request, fmt::format("{} is damaged: {}; get it again", path, why(a.get())));
  }
  return a;
}

// Reads on into `to`; false at the end. Throws Error{invalid_request} for damage.
bool read_on(archive* a, std::string& to) {
  size_t before = to.size();
  to.resize(before + kBlock);
  la_ssize_t got = archive_read_data(a, to.data() + before, kBlock);
  to.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got < 0) throw Error(Code::invalid_request, why(a));
  return got > 0;
}

std::string packed(std::string_view text) {
  Writing a(archive_write_new());
  std::string out;
  auto sink = [](archive*, void* to, const void* data, size_t size) -> la_ssize_t {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  };
  std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  bool good = archive_write_set_format_raw(a.get()) == ARCHIVE_OK &&
              archive_write_add_filter_zstd(a.get()) == ARCHIVE_OK &&
              archive_write_set_filter_option(a.get(), "zstd", "compression-level", "12") == ARCHIVE_OK &&
              archive_write_set_bytes_in_last_block(a.get(), 1) == ARCHIVE_OK &&
              archive_write_open(a.get(), &out, nullptr, sink, nullptr) == ARCHIVE_OK &&
              archive_write_header(a.get(), entry.get()) == ARCHIVE_OK &&
              archive_write_data(a.get(), text.data(), text.size()) == static_cast<la_ssize_t>(text.size()) &&
              archive_write_close(a.get()) == ARCHIVE_OK;
  if (!good) throw Error(Code::internal, fmt::format("cannot pack with zstd: {}", why(a.get())));
  return out;
}

}  // namespace

struct LineReader::Source {
  Reading archive;
};

LineReader::LineReader(const std::string& path) : source_(std::make_unique<Source>(open_file(path, false))) {
  archive_entry* entry = nullptr;
  int status = archive_read_next_header(source_->archive.get(), &entry);
  if (status == ARCHIVE_EOF) ended_ = true;
  if (status < ARCHIVE_WARN)
    throw Error(Code::environment, fmt::format("cannot read {}: {}", path, why(source_->archive.get())));
}
LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;

std::optional<std::string_view> LineReader::next() {
  for (size_t searched = begin_;;) {
    size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      std::string_view line(buffer_.data() + begin_, end - begin_);
      begin_ = end + 1;
      ++line_;
      return line;
    }
    buffer_.erase(0, std::exchange(begin_, 0));
    searched = buffer_.size();
    if (ended_) break;
    try {
      ended_ = !read_on(source_->archive.get(), buffer_);
    } catch (const Error& error) {
      damage_ = error.what();
      ended_ = true;
    }
  }
  if (buffer_.empty()) return std::nullopt;
  ++line_;
  begin_ = buffer_.size();
  return std::string_view(buffer_);
}

void for_each_file(const std::string& path, const std::function<void(const std::string&, std::string&&)>& use) {
  Reading a = open_file(path, true);
  for (;;) {
    archive_entry* entry = nullptr;
    int status = archive_read_next_header(a.get(), &entry);
    if (status == ARCHIVE_EOF) return;
    if (status < ARCHIVE_WARN)
      throw Error(Code::invalid_request, fmt::format("{} is damaged: {}; get it again", path, why(a.get())));
    if (archive_entry_filetype(entry) == AE_IFDIR) continue;
    std::string name = archive_format(a.get()) == ARCHIVE_FORMAT_RAW ? path : archive_entry_pathname(entry);
    std::string content;
    try {
      while (read_on(a.get(), content)) {
      }
    } catch (const Error& error) {
      throw Error(Code::invalid_request, fmt::format("{} is damaged: {}; get it again", path, error.what()));
    }
    use(name, std::move(content));
  }
}

void write_whole(const std::string& path, std::string_view text) {
  std::string packed_text;
  if (path.ends_with(".zst")) text = packed_text = packed(text);
  std::string part = fmt::format("{}.{}.part", path, getpid());
  auto fail = [&](const char* doing) {
    std::string reason = std::strerror(errno);
    unlink(part.c_str());
    throw Error(Code::environment, fmt::format("cannot {} {}: {}", doing, path, reason));
  };
  int file = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) fail("write");
  for (size_t done = 0; done < text.size();) {
    ssize_t wrote = write(file, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      int reason = errno;
      close(file);
      errno = reason;
      fail("write");
    }
    done += static_cast<size_t>(wrote);
  }
  bool flushed = fsync(file) == 0;
  if (close(file) != 0 || !flushed || rename(part.c_str(), path.c_str()) != 0) fail("write");
}

}  // namespace reckon
