#include <fmt/format.h>

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <sstream>

#include "net/connection.h"

// One connection's requests: reading them within limits, answering, noticing clients that go away.
namespace reckon {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Shared = std::shared_ptr<Connection>;
using Parser = http::request_parser<http::string_body>;

constexpr size_t kPipelined = 64 << 10;  // bytes read ahead while a request is being answered

std::string bytes(const http::response_header<>& header) {
  std::ostringstream out;
  out << header;
  return out.str();
}

class SocketResponder : public Responder {
 public:
  SocketResponder(Connection& connection, unsigned version, bool keep_alive, bool head)
      : connection_(connection), version_(version), keep_alive_(keep_alive), head_(head) {}

  void send(HttpResponse response) override {
    started_ = ended_ = true;
    http::response<http::empty_body> header = head(static_cast<unsigned>(response.status), response.headers);
    header.set(http::field::content_type, response.content_type);
    header.content_length(response.body.size());
    connection_.write(bytes(header.base()) + (head_ ? "" : response.body));
  }
  void begin(Headers headers) override {
    started_ = true;
    if (version_ < 11) keep_alive_ = false;
    http::response<http::empty_body> header = head(200, headers);
    header.set(http::field::content_type, "text/event-stream; charset=utf-8");
    header.set(http::field::cache_control, "no-cache");
    header.set("X-Accel-Buffering", "no");  // proxies pass events on as they come
    if (version_ >= 11) header.chunked(true);
    connection_.write(bytes(header.base()));
  }
  void event(std::string_view data, std::string_view name, int64_t number) override {
    std::string id = number < 0 ? "" : fmt::format("id: {}\n", number);
    std::string kind = name.empty() ? "" : fmt::format("event: {}\n", name);
    write(fmt::format("{}{}data: {}\n\n", id, kind, data));
  }
  void end() override {
    if (std::exchange(ended_, true)) return;
    if (version_ >= 11 && !head_) connection_.write(boost::beast::buffers_to_string(http::make_chunk_last()));
  }
  bool started() const override { return started_; }
  bool gone() const override { return connection_.gone(); }
  bool ended() const { return ended_; }
  bool keep_alive() const { return keep_alive_; }
  void close_after() { keep_alive_ = false; }
  void tick() {  // called every comment_every
    if (started_ && !ended_ && !std::exchange(written_, false)) {
      write(": keep-alive\n\n");
      written_ = false;
    }
  }

 private:
  http::response<http::empty_body> head(unsigned status, const Headers& headers) const {
    http::response<http::empty_body> header(http::int_to_status(status), version_);
    if (header.result() == http::status::unknown) header.result(status), header.reason("Unknown");
    header.set(http::field::server, "reckon");
    for (const auto& [name, value] : headers) header.set(name, value);
    header.keep_alive(keep_alive_);
    return header;
  }
  void write(std::string_view data) {
    written_ = true;
    if (head_) return;
    connection_.write(version_ >= 11 ? boost::beast::buffers_to_string(http::make_chunk(asio::buffer(data)))
                                     : std::string(data));
  }
  Connection& connection_;
  unsigned version_;
  bool keep_alive_, head_;
  bool started_ = false, ended_ = false, written_ = false;
};

HttpResponse refusal(int status, std::string_view message) {
  return {.status = status,
          .body = fmt::format(
              R"({{"error":{{"message":"{}","type":"invalid_request_error","param":null,"code":"http_{}"}}}})", message,
              status)};
}

HttpResponse refusal(boost::system::error_code error) {
  if (error == http::error::header_limit) return refusal(431, "the request's headers are too large");
  if (error == http::error::body_limit) return refusal(413, "the request's body is too large");
  if (error == http::error::bad_version) return refusal(505, "this server speaks HTTP/1.0 and HTTP/1.1");
  return refusal(400, "this is not a well-formed HTTP request: " + error.message());
}

// A target may also name the server, as clients of a proxy write it: "http://host/path".
std::string_view without_authority(std::string_view target) {
  size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == target.npos) return target;
  size_t path = target.find_first_of("/?", scheme + 3);
  return path == target.npos ? "/" : target.substr(path);
}

// A request without its body. Made before the body is read: trailers, which follow it, are no headers.
HttpRequest head_of(const http::request_header<>& header) {
  HttpRequest request{.method = std::string(header.method_string())};
  std::string_view target = without_authority({header.target().data(), header.target().size()});
  size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  for (const auto& field : header) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  return request;
}

struct Incoming {
  std::optional<HttpRequest> request;  // none: the connection ended, or there is a problem
  std::optional<HttpResponse> problem;
  unsigned version = 11;
  bool keep_alive = false;
};

// After the headers: whether the body may come. Where two servers could find its end in different places it may not
// (RFC 9112, 6.1 and 11.2).
std::optional<HttpResponse> accept_body(Connection& connection, const Parser& parser) {
  const bool old = parser.get().version() < 11;
  if (size_t hosts = parser.get().count(http::field::host); hosts > 1 || (hosts == 0 && !old))
    return refusal(400, "a request has one Host header");
  if (size_t encodings = parser.get().count(http::field::transfer_encoding); encodings > 0) {
    if (old) return refusal(400, "HTTP/1.0 has no transfer encodings");
    if (encodings > 1 || !boost::beast::iequals(parser.get()[http::field::transfer_encoding], "chunked"))
      return refusal(501, "the only known transfer encoding is chunked");
  }
  std::string_view expect(parser.get()[http::field::expect].data(), parser.get()[http::field::expect].size());
  if (expect.empty() || old) return std::nullopt;
  if (!boost::beast::iequals(expect, "100-continue")) return refusal(417, "the only known expectation is 100-continue");
  if (connection.inbox().empty() && !parser.is_done()) connection.write("HTTP/1.1 100 Continue\r\n\r\n");
  return std::nullopt;
}

Task<Incoming> read_request(Shared connection, const HttpOptions& options) {
  Loop& loop = co_await this_loop();
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(options.header_bytes));
  parser.body_limit(options.body_bytes);
  Incoming result;
  HttpRequest head;
  bool begun = !connection->inbox().empty();
  Loop::Time deadline = loop.now() + (begun ? options.header_time : options.idle_time);
  bool short_of_data = false;
  while (!parser.is_done()) {
    if (short_of_data || connection->inbox().empty()) {
      Connection::Read read = co_await more(connection, deadline - loop.now());
      if (read == Connection::Read::late && begun) result.problem = refusal(408, "the request did not arrive in time");
      if (read != Connection::Read::data) co_return result;
      if (!std::exchange(begun, true)) deadline = loop.now() + options.header_time;
      short_of_data = false;
    }
    bool had_header = parser.is_header_done();
    boost::system::error_code error;
    size_t used = parser.put(asio::buffer(connection->inbox()), error);
    connection->inbox().erase(0, used);
    if (error == http::error::need_more) short_of_data = true;
    else if (error) result.problem = refusal(error);
    else if (used == 0) short_of_data = true;
    // What is left is the head of a chunk, or trailers; the parser itself has no limit for these.
    if (short_of_data && connection->inbox().size() > options.header_bytes)
      result.problem = refusal(http::error::header_limit);
    if (!had_header && parser.is_header_done() && !result.problem) {
      result.problem = accept_body(*connection, parser);
      result.version = parser.get().version();
      result.keep_alive = parser.get().keep_alive();
      head = head_of(parser.get());
      parser.eager(true);
      deadline = loop.now() + options.body_time;
    }
    if (result.problem) co_return result;
  }
  head.body = std::move(parser.get().body());
  result.request = std::move(head);
  co_return result;
}

Task<bool> handled(Task<void> handler, SocketResponder& responder) {
  try {
    co_await std::move(handler);
  } catch (const std::exception&) {
    responder.close_after();
    if (!responder.started()) responder.send(refusal(500, "the server failed to answer"));
  }
  co_return true;
}

// Ends when the client is gone.
Task<bool> watch(Shared connection, SocketResponder& responder, const HttpOptions& options) {
  while (true) {
    if (connection->inbox().size() > kPipelined) {
      co_await sleep_for(options.comment_every);
      responder.tick();
      if (connection->closed()) co_return false;
      continue;
    }
    switch (co_await more(connection, options.comment_every)) {
      case Connection::Read::late: responder.tick(); break;
      case Connection::Read::closed: co_return false;
      case Connection::Read::data: break;
    }
  }
}

// Reads what the client still sends for a moment: closing at once would make the kernel throw the response away.
Task<void> linger(Shared connection) {
  connection->finish_writing();
  for (int i = 0; i < 64; ++i) {
    if (co_await more(connection, std::chrono::milliseconds(500)) != Connection::Read::data) break;
    connection->inbox().clear();
  }
}

Task<bool> flush(Shared connection, const HttpOptions& options) {
  co_return (co_await within(options.write_time, connection->flushed())).value_or(false);
}

}  // namespace

Task<void> serve_connection(Shared connection, const HttpOptions& options, const HttpHandler& handler,
                            const bool& draining) {
  if (!co_await secured(connection, options.header_time)) {
    connection->close();
    co_return;
  }
  while (!draining) {
    Incoming incoming = co_await read_request(connection, options);
    if (incoming.problem) {
      SocketResponder(*connection, 11, false, false).send(std::move(*incoming.problem));
      if (co_await flush(connection, options)) co_await linger(connection);
      break;
    }
    if (!incoming.request) break;
    const HttpRequest& request = *incoming.request;
    SocketResponder responder(*connection, incoming.version, incoming.keep_alive && !draining,
                              request.method == "HEAD");
    bool answered = false;
    {
      Stream<bool> race;
      race.add(handled(handler(request, responder), responder));
      race.add(watch(connection, responder, options));
      answered = *co_await race.next();
    }
    if (!answered || !responder.started()) break;
    responder.end();
    if (!co_await flush(connection, options)) break;
    if (!responder.keep_alive()) {
      connection->finish_writing();
      break;
    }
  }
  connection->close();
}

}  // namespace reckon
