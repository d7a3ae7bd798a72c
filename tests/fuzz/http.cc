#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>

#include "base/asio_loop.h"
#include "net/connection.h"

// One connection's bytes, whole or in pieces (the first byte says how large): they give requests, or refusals, and an
// end.
namespace {

reckon::Task<void> answer(const reckon::HttpRequest& request, reckon::Responder& responder) {
  if (request.path == "/stream") {
    responder.begin({});
    responder.event(request.method, "e", 1);
    responder.end();
  } else {
    responder.send({.body = request.path + request.query + request.body});
  }
  co_return;
}

reckon::Task<bool> serve(std::shared_ptr<reckon::Connection> connection) {
  static const reckon::HttpOptions options{.header_bytes = 1024, .body_bytes = 1024};
  static const reckon::HttpHandler handler = answer;
  static const bool draining = false;
  co_await reckon::serve_connection(std::move(connection), options, handler, draining);
  co_return true;
}

reckon::Task<bool> feed(int client, std::string text, size_t piece) {
  for (size_t at = 0; at < text.size(); at += piece) {
    std::string_view part = std::string_view(text).substr(at, piece);
    if (send(client, part.data(), part.size(), MSG_NOSIGNAL) < 0) break;
    if (piece < text.size()) co_await reckon::sleep_for({});  // so that it arrives alone
  }
  shutdown(client, SHUT_WR);
  co_return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  if (size < 2 || size > 4096) return 0;
  static AsioLoop loop;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 0;
  boost::asio::local::stream_protocol::socket socket(loop.context(), boost::asio::local::stream_protocol(), ends[0]);
  auto connection = std::make_shared<Connection>(Connection::Socket(std::move(socket)), 1 << 20, nullptr);
  std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  size_t piece = data[0] < 128 ? text.size() : data[0] - 127;
  std::vector<Task<bool>> both;
  both.push_back(serve(std::move(connection)));
  both.push_back(feed(ends[1], std::move(text), piece));
  loop.run(all(std::move(both)));
  close(ends[1]);
  return 0;
}
