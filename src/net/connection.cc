#include "net/connection.h"

#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

namespace reckon {

namespace asio = boost::asio;
using boost::system::error_code;

void Connection::read() {
  if (reading_) return;
  read_done_ = Arrival<bool>();
  if (closed_) return read_done_.deliver(false);
  reading_ = true;
  if (!tls_) return wait();
  tls_->async_read_some(asio::buffer(*chunk_), [self = shared_from_this()](error_code error, size_t bytes) {
    self->have_read(error, {self->chunk_->data(), bytes});
  });
}

// Without TLS a connection that waits has no buffer: thousands of them may.
void Connection::wait() {
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
    static thread_local std::array<char, 64 << 10> buffer;
    size_t bytes = error ? 0 : self->socket_.read_some(asio::buffer(buffer), error);
    if (error == asio::error::would_block) return self->wait();
    self->have_read(error, {buffer.data(), bytes});
  });
}

void Connection::have_read(error_code error, std::string_view data) {
  reading_ = false;
  if (error) closed_ = true;
  else inbox_.append(data);
  read_done_.deliver(!error);
}

bool Connection::gone() {
  if (closed_) return true;
  char next = 0;
  ssize_t bytes = recv(socket_.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
  return bytes == 0 || (bytes < 0 && errno != EAGAIN);
}

void Connection::shake_hands() {
  read_done_ = Arrival<bool>();
  reading_ = true;
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code error) {
    self->reading_ = false;
    if (error) self->close();
    self->read_done_.deliver(!error);
  });
}

void Connection::write(const std::string& data) {
  if (closed_) return;
  outbox_ += data;
  if (outbox_.size() > backlog_) close();
  else if (!writing_) pump();
}

void Connection::pump() {
  under_way_ = std::exchange(outbox_, {});
  writing_ = true;
  auto done = [self = shared_from_this()](error_code error, size_t) {
    self->writing_ = false;
    if (error) self->close();
    if (!self->closed_ && !self->outbox_.empty()) self->pump();
    else self->flushed_.deliver(!self->closed_);
  };
  if (tls_) asio::async_write(*tls_, asio::buffer(under_way_), std::move(done));
  else asio::async_write(socket_, asio::buffer(under_way_), std::move(done));
}

Task<bool> Connection::flushed() {
  if (!writing_) co_return !closed_;
  flushed_ = Arrival<bool>();
  co_return co_await flushed_;
}

void Connection::finish_writing() {
  error_code ignored;
  if (!socket_.is_open()) return;
  // Its first part, telling the client, is written at once; nobody waits for the client's.
  if (tls_) tls_->async_shutdown([self = shared_from_this()](error_code) {});
  else socket_.shutdown(Socket::shutdown_send, ignored);
}

void Connection::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

namespace {
Task<bool> arrived(Arrival<bool> arrival) { co_return co_await arrival; }
}  // namespace

Task<bool> secured(std::shared_ptr<Connection> connection, Loop::Clock::duration limit) {
  if (!connection->encrypted()) co_return true;
  connection->shake_hands();
  co_return (co_await within(limit, arrived(connection->read_done()))).value_or(false);
}

Task<Connection::Read> more(std::shared_ptr<Connection> connection, Loop::Clock::duration limit) {
  connection->read();
  std::optional<bool> data = co_await within(limit, arrived(connection->read_done()));
  if (!data) co_return Connection::Read::late;
  co_return *data ? Connection::Read::data : Connection::Read::closed;
}

}  // namespace reckon
