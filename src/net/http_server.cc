#include "net/http_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <cstring>
#include <list>

#include "net/connection.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Generic = asio::generic::stream_protocol;

struct Address {
  std::string host;  // empty: all; of a Unix socket its path
  unsigned short port = 0;
  bool local = false;
};

Address parse(const std::string& text) {
  if (text.starts_with("unix:")) {
    if (text.size() <= 5 || text.size() > 5 + 100)
      throw Error(Code::invalid_request, "a Unix socket's path has 1 to 100 bytes: unix:/path");
    return {.host = text.substr(5), .local = true};
  }
  size_t colon = text.rfind(':');
  unsigned short port = 0;
  const char* end = text.data() + text.size();
  bool read = colon != std::string::npos && colon + 1 < text.size();
  if (read) {
    auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
    read = stop == end && error == std::errc{};
  }
  if (!read) throw Error(Code::invalid_request, fmt::format("'{}' is not HOST:PORT or unix:/path", text));
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (host == "*") host.clear();
  return {.host = host, .port = port};
}

std::unique_ptr<asio::ssl::context> load_tls(const TlsFiles& files) {
  namespace ssl = asio::ssl;
  auto tls = std::make_unique<ssl::context>(ssl::context::tls_server);
  tls->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  auto use = [](const std::string& what, const std::string& file, const auto& load) {
    error_code error;
    load(error);
    if (error)
      throw Error(Code::environment, fmt::format("{} is not a usable {} in PEM: {}", file, what, error.message()));
  };
  use("certificate", files.certificate, [&](error_code& e) { tls->use_certificate_chain_file(files.certificate, e); });
  use("private key of that certificate", files.key,
      [&](error_code& e) { tls->use_private_key_file(files.key, ssl::context::pem, e); });
  return tls;
}

asio::ip::address ip(const Address& address) {
  if (address.host.empty()) return asio::ip::address_v6::any();
  error_code error;
  asio::ip::address result = asio::ip::make_address(address.host, error);
  if (error) throw Error(Code::invalid_request, fmt::format("'{}' is not an IP address or localhost", address.host));
  return result;
}

}  // namespace

bool is_loopback(const std::string& text) {
  Address address = parse(text);
  return address.local || ip(address).is_loopback();
}

struct HttpServer::Impl {
  Impl(AsioLoop& l, HttpOptions o, HttpHandler h)
      : loop(l), options(o), handler(std::move(h)), acceptor(l.context()), retry(l.context()) {}

  struct Session {
    Impl* server;
    std::list<std::unique_ptr<Session>>::iterator place;
    std::shared_ptr<Connection> connection;  // with the socket's pending operations
    bool busy = false;
    Wakeup ended;
    std::optional<Task<void>> task;
  };

  void accept() {
    acceptor.async_accept([this, here = std::weak_ptr(alive)](error_code error, Connection::Socket socket) {
      if (here.expired() || draining) return;
      if (error) {  // out of file descriptors: try again when some may be free
        retry.expires_after(std::chrono::milliseconds(100));
        retry.async_wait([this, here](error_code stopped) {
          if (!here.expired() && !stopped && !draining) accept();
        });
        return;
      }
      if (static_cast<int>(sessions.size()) < options.connections) open(std::move(socket));
      accept();  // one too many is closed by the destructor of its socket
    });
  }

  void open(Connection::Socket socket) {
    if (!local) {
      error_code ignored;
      socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
    auto session = std::make_unique<Session>();
    Session* s = session.get();
    s->server = this;
    s->connection = std::make_shared<Connection>(std::move(socket), options.backlog_bytes, tls.get());
    s->place = sessions.insert(sessions.end(), std::move(session));
    s->ended.set([](void* self) noexcept { static_cast<Session*>(self)->server->close(static_cast<Session*>(self)); },
                 s);
    auto counted = [s](const HttpRequest& request, Responder& responder) {
      return attend(s->busy, s->server->handler(request, responder));
    };
    s->task.emplace(run(s->connection, options, counted, draining));
    s->task->start(loop, s->ended);
  }
  static Task<void> run(std::shared_ptr<Connection> connection, const HttpOptions& how, HttpHandler what,
                        const bool& stop) {
    co_await serve_connection(std::move(connection), how, what, stop);
  }
  static Task<void> attend(bool& busy, Task<void> work) {
    busy = true;
    co_await std::move(work);
    busy = false;
  }
  void close(Session* session) {
    session->connection->close();
    sessions.erase(session->place);
    if (sessions.empty() && draining) empty.deliver(true);
  }

  AsioLoop& loop;
  const HttpOptions options;
  const HttpHandler handler;
  asio::basic_socket_acceptor<Generic> acceptor;
  asio::steady_timer retry;
  std::list<std::unique_ptr<Session>> sessions;
  std::unique_ptr<asio::ssl::context> tls;  // null: none
  std::string url, path;
  bool local = false, draining = false;
  Arrival<bool> empty;
  std::shared_ptr<bool> alive =
      std::make_shared<bool>(true);  // owner: this; pending operations look whether it is there
};

HttpServer::HttpServer(AsioLoop& loop, HttpOptions options, HttpHandler handler)
    : impl_(std::make_unique<Impl>(loop, options, std::move(handler))) {}

HttpServer::~HttpServer() {
  cut();
  if (!impl_->path.empty()) unlink(impl_->path.c_str());
}

void HttpServer::listen(const std::string& text) {
  Address address = parse(text);
  impl_->local = address.local;
  try {
    Generic::endpoint endpoint = address.local ? Generic::endpoint(asio::local::stream_protocol::endpoint(address.host))
                                               : Generic::endpoint(asio::ip::tcp::endpoint(ip(address), address.port));
    impl_->acceptor.open(endpoint.protocol());
    if (!address.local) impl_->acceptor.set_option(asio::socket_base::reuse_address(true));
    impl_->acceptor.bind(endpoint);
    impl_->acceptor.listen(1024);
  } catch (const boost::system::system_error& error) {
    throw Error(Code::environment, fmt::format("cannot listen on {}: {}", text, error.code().message()));
  }
  if (address.local) {
    impl_->url = text, impl_->path = address.host;
  } else {
    Generic::endpoint bound = impl_->acceptor.local_endpoint();
    asio::ip::tcp::endpoint tcp;
    tcp.resize(bound.size());
    std::memcpy(tcp.data(), bound.data(), bound.size());
    std::string host = tcp.address().to_string();
    impl_->url = fmt::format("{}://{}:{}", impl_->tls ? "https" : "http",
                             tcp.address().is_v6() ? "[" + host + "]" : host, tcp.port());
  }
  impl_->accept();
}

void HttpServer::use_tls(const TlsFiles& files) { impl_->tls = load_tls(files); }
void check_tls(const TlsFiles& files) { (void)load_tls(files); }

std::string HttpServer::url() const { return impl_->url; }
int HttpServer::connections() const { return static_cast<int>(impl_->sessions.size()); }

void HttpServer::drain() {
  impl_->draining = true;
  error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->retry.cancel();
  for (auto& session : impl_->sessions)
    if (!session->busy) session->connection->close();
  if (impl_->sessions.empty()) impl_->empty.deliver(true);
}

void HttpServer::cut() {
  for (auto& session : impl_->sessions) {
    session->task.reset();
    session->connection->close();
  }
  impl_->sessions.clear();
  if (impl_->draining) impl_->empty.deliver(true);
}

Task<void> HttpServer::drained() { co_await impl_->empty; }

}  // namespace reckon
