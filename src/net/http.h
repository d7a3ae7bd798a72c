#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <reckon/task.h>

namespace reckon {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // GET, POST, ...
  std::string path;    // without the query
  std::string query;
  Headers headers;  // names in lower case
  std::string body;
  std::string_view header(std::string_view lower_case_name) const;  // "" when absent
  std::string_view query_value(std::string_view name) const;        // as it was sent; "" when absent
};

// "%2F" becomes "/"; what is not two hexadecimal digits stays as it is.
std::string percent_decoded(std::string_view text);

struct HttpResponse {
  int status = 200;
  Headers headers;
  std::string body;
  std::string content_type = "application/json";
};

// Answers one request: once with send(), or with begin(), any number of event() and comment(), and end(). Nothing
// blocks: what the client does not read yet waits in memory up to HttpOptions::backlog_bytes, then it counts as gone.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void send(HttpResponse response) = 0;
  virtual void begin(Headers headers) = 0;  // status 200, text/event-stream
  // One server-sent event; `data` must not hold a line break. Its number is sent as its id, unless it is negative.
  virtual void event(std::string_view data, std::string_view name = {}, int64_t number = -1) = 0;
  virtual void end() = 0;
  virtual bool started() const = 0;  // send() or begin() was called
  // Whether the client has left by now: it asks the kernel, before the loop comes to it.
  virtual bool gone() const { return false; }
};

// What a server does with a request. The task is dropped when the client goes away.
using HttpHandler = std::function<Task<void>(const HttpRequest&, Responder&)>;

struct HttpOptions {
  size_t header_bytes = 16 << 10;
  size_t body_bytes = 16 << 20;
  size_t backlog_bytes = 8 << 20;
  int connections = 8192;
  std::chrono::milliseconds header_time{10'000};  // from the first byte of a request to the end of its headers
  std::chrono::milliseconds body_time{30'000};
  std::chrono::milliseconds idle_time{75'000};      // between requests
  std::chrono::milliseconds write_time{30'000};     // for a finished response to be read
  std::chrono::milliseconds comment_every{10'000};  // keep-alive comments in a silent stream of events
};

}  // namespace reckon
