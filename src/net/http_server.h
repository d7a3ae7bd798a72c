#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/asio_loop.h"
#include "net/http.h"

namespace reckon {

// Files in PEM: the certificate with its chain, and its private key.
struct TlsFiles {
  std::string certificate, key;
  bool empty() const { return certificate.empty(); }
};
// Throws Error{environment} that names the file which cannot be used.
void check_tls(const TlsFiles& files);

// An HTTP/1.1 server on the loop: TCP or a Unix socket, every request a task. Must be destroyed before the loop.
class HttpServer {
 public:
  HttpServer(AsioLoop& loop, HttpOptions options, HttpHandler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (all addresses), "unix:/path". Port 0: any free one.
  // Throws Error{invalid_request} or Error{environment}.
  void listen(const std::string& address);
  // TLS 1.2 and 1.3 for connections from now on; again to replace the certificate. Throws Error{environment}.
  void use_tls(const TlsFiles& files);
  std::string url() const;  // where it listens: "http://127.0.0.1:8080", "unix:/path"
  int connections() const;

  // No new connections, idle ones are closed, requests under way finish.
  void drain();
  Task<void> drained();
  void cut();  // ends every connection; requests under way are dropped

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether only this machine can reach the address. Throws Error{invalid_request} when it is none.
bool is_loopback(const std::string& address);

}  // namespace reckon
