#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "models/download.h"

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr int kAttempts = 5;

struct CurlFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One transfer; libcurl's callbacks get a pointer to it. An exception must not cross them: it is kept and thrown after.
class Transfer {
 public:
  Transfer(const std::string& url, int64_t expected, PartialFile& part, const PullWatch& watch)
      : url_(url), expected_(expected), part_(part), watch_(watch), curl_(curl_easy_init()) {
    if (!curl_) throw Error(Code::internal, "libcurl cannot be used");
  }

  // True: complete. False: broke off in a way that trying again may mend; `why()` says how.
  bool attempt() {
    start_ = part_.size();
    checked_ = false;
    if (expected_ > 0 && start_ > expected_) part_.truncate(start_ = 0);
    if (expected_ > 0 && start_ == expected_) return true;
    configure();
    CURLcode code = curl_easy_perform(curl_.get());
    if (failure_) std::rethrow_exception(failure_);
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_ABORTED_BY_CALLBACK) throw Error(Code::cancelled, "interrupted; run the same command to go on");
    if (status == 416 && start_ > 0) {  // it ends where ours does, or ours is no beginning of it
      if (total_ == start_) return true;
      part_.truncate(0);
      return again("the server's file has changed");
    }
    if (code == CURLE_RANGE_ERROR && start_ > 0) {
      part_.truncate(0);
      return again("the server cannot go on in the middle of a file");
    }
    if (status >= 500 || status == 429) return again(fmt::format("the server answered {}", status));
    if (status >= 400) throw Error(Code::model_unavailable, fmt::format("the server answered {}", status));
    if (code == CURLE_OK) return true;
    if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
        code == CURLE_OPERATION_TIMEDOUT || code == CURLE_SEND_ERROR || code == CURLE_HTTP2_STREAM)
      return again(curl_easy_strerror(code));
    throw Error(Code::model_unavailable, curl_easy_strerror(code));
  }
  const std::string& why() const { return why_; }
  int64_t gained() const { return part_.size() - start_; }
  Fetched facts() const { return facts_; }

 private:
  bool again(std::string why) {
    why_ = std::move(why);
    return false;
  }

  void configure() {
    CURL* c = curl_.get();
    curl_easy_reset(c);
    curl_easy_setopt(c, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(c, CURLOPT_USERAGENT, "reckon");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,file");
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 20L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, 60L);
    curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(start_));
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &Transfer::body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, &Transfer::header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, &Transfer::progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, this);
  }

  // Before the first byte of a body: does the file have the right size, and does its rest fit on the disk?
  void check() {
    curl_off_t length = -1;
    curl_easy_getinfo(curl_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0) {
      total_ = start_ + length;
      if (expected_ > 0 && total_ != expected_)
        throw Error(Code::model_unavailable, fmt::format("its file has {} bytes, not {}", total_, expected_));
      part_.require_space(length);
    }
    checked_ = true;
  }

  template <class F>
  bool guarded(F work) {
    try {
      work();
      return true;
    } catch (...) {
      failure_ = std::current_exception();
      return false;
    }
  }

  static size_t body(char* data, size_t, size_t size, void* self_pointer) {
    auto* self = static_cast<Transfer*>(self_pointer);
    long status = 0;
    curl_easy_getinfo(self->curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300) return size;  // a page about a redirect or an error
    bool fine = self->guarded([&] {
      if (!self->checked_) self->check();
      self->part_.write(data, size);
    });
    return fine ? size : 0;
  }

  static size_t header(char* data, size_t, size_t size, void* self_pointer) {
    auto* self = static_cast<Transfer*>(self_pointer);
    std::string_view line(data, size);
    auto value = [&](std::string_view name) -> std::optional<std::string> {
      if (line.size() <= name.size() || line[name.size()] != ':') return std::nullopt;
      for (size_t i = 0; i < name.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(line[i])) != name[i]) return std::nullopt;
      std::string text(line.substr(name.size() + 1));
      std::erase_if(text, [](char c) { return c == ' ' || c == '"' || c == '\r' || c == '\n'; });
      return text;
    };
    if (auto commit = value("x-repo-commit")) self->facts_.commit = *commit;
    if (auto etag = value("x-linked-etag"); etag && etag->size() == 64) self->facts_.sha256 = *etag;
    if (auto range = value("content-range"))
      if (size_t slash = range->find('/'); slash != std::string::npos)
        self->total_ = std::strtoll(range->c_str() + slash + 1, nullptr, 10);
    return size;
  }

  static int progress(void* self_pointer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto* self = static_cast<Transfer*>(self_pointer);
    if (self->watch_.stop()) return 1;
    self->watch_.tell("fetching", self->part_.size(), self->expected_ > 0 ? self->expected_ : self->total_);
    return 0;
  }

  const std::string& url_;
  int64_t expected_;
  PartialFile& part_;
  const PullWatch& watch_;
  std::unique_ptr<CURL, CurlFree> curl_;
  std::exception_ptr failure_;
  Fetched facts_;
  std::string why_;
  int64_t start_ = 0, total_ = 0;
  bool checked_ = false;
};

}  // namespace

Fetched fetch_url(const std::string& url, int64_t expected, PartialFile& part, const PullWatch& watch) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) throw Error(Code::internal, "libcurl cannot be used");
  Transfer transfer(url, expected, part, watch);
  for (int failures = 0; !transfer.attempt();) {
    failures = transfer.gained() > 0 ? 1 : failures + 1;
    if (failures >= kAttempts) throw Error(Code::model_unavailable, transfer.why());
    for (int tenths = 0; tenths < 5 * failures; ++tenths) {
      if (watch.stop()) throw Error(Code::cancelled, "interrupted; run the same command to go on");
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  return transfer.facts();
}

}  // namespace reckon
