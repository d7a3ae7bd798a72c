#include "net/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace reckon {

namespace asio = boost::asio;
using boost::system::error_code;

void Connection::read() {
  if (reading_) return;
  read_done_ = Arrival<bool>();
  if (closed_) return read_done_.deliver(false);
  reading_ = true;
  socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](error_code error, size_t bytes) {
    self->reading_ = false;
    if (error) self->closed_ = true;
    else self->inbox_.append(self->chunk_.data(), bytes);
    self->read_done_.deliver(!error);
  });
}

void Connection::write(std::string data) {
  if (closed_) return;
  outbox_ += data;
  if (outbox_.size() > backlog_) close();
  else if (!writing_) pump();
}

void Connection::pump() {
  under_way_ = std::exchange(outbox_, {});
  writing_ = true;
  asio::async_write(socket_, asio::buffer(under_way_), [self = shared_from_this()](error_code error, size_t) {
    self->writing_ = false;
    if (error) self->close();
    if (!self->closed_ && !self->outbox_.empty()) self->pump();
    else self->flushed_.deliver(!self->closed_);
  });
}

Task<bool> Connection::flushed() {
  if (!writing_) co_return !closed_;
  flushed_ = Arrival<bool>();
  co_return co_await flushed_;
}

void Connection::finish_writing() {
  error_code ignored;
  if (socket_.is_open()) socket_.shutdown(Socket::shutdown_send, ignored);
}

void Connection::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

namespace {
Task<bool> arrived(Arrival<bool> arrival) { co_return co_await arrival; }
}  // namespace

Task<Connection::Read> more(std::shared_ptr<Connection> connection, Loop::Clock::duration limit) {
  connection->read();
  std::optional<bool> data = co_await within(limit, arrived(connection->read_done()));
  if (!data) co_return Connection::Read::late;
  co_return *data ? Connection::Read::data : Connection::Read::closed;
}

}  // namespace reckon
