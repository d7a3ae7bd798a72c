#pragma once
#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace reckon {

// One socket, one read and one write at a time. Owners: its session, and the socket's pending operations.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  enum class Read { data, closed, late };

  // With `tls` nothing may be read or written before secured() has returned true.
  Connection(Socket socket, size_t backlog, boost::asio::ssl::context* tls)
      : socket_(std::move(socket)), backlog_(backlog) {
    if (tls) tls_.emplace(socket_, *tls), chunk_ = std::make_unique<Chunk>();
    else socket_.non_blocking(true);
  }

  std::string& inbox() { return inbox_; }  // read and not yet used
  bool closed() const { return closed_; }
  bool gone();  // closed by the other side, also where no read has told so yet
  bool encrypted() const { return tls_.has_value(); }
  void shake_hands();                                            // of TLS; counts as a read
  void read();                                                   // starts a read unless one is under way
  const Arrival<bool>& read_done() const { return read_done_; }  // of the last read(); false: closed
  void write(const std::string& data);                           // queued
  Task<bool> flushed();                                          // all is written; false: closed
  void finish_writing();                                         // tells the client that nothing follows
  void close();

 private:
  using Chunk = std::array<char, 4096>;
  void pump();
  void wait();
  void have_read(boost::system::error_code error, std::string_view data);
  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  const size_t backlog_;
  bool closed_ = false, reading_ = false, writing_ = false;
  std::unique_ptr<Chunk> chunk_;  // of TLS
  std::string inbox_, outbox_, under_way_;
  Arrival<bool> read_done_;
  Arrival<bool> flushed_;
};

// Waits for more bytes in the inbox.
Task<Connection::Read> more(std::shared_ptr<Connection> connection, Loop::Clock::duration limit);

// The handshake of TLS within `limit`, if there is to be one; false: the connection is of no use.
Task<bool> secured(std::shared_ptr<Connection> connection, Loop::Clock::duration limit);

// Serves requests of one connection, one after the other, until it ends or `draining` says so.
Task<void> serve_connection(std::shared_ptr<Connection> connection, const HttpOptions& options,
                            const HttpHandler& handler, const bool& draining);

}  // namespace reckon
