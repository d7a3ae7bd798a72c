#pragma once
#include <functional>
#include <memory>
#include <string>

#include "net/http.h"
#include "serve/ask.h"
#include "serve/books.h"
#include "serve/keys.h"
#include "serve/metrics.h"
#include "serve/runs.h"

namespace reckon {

struct ServiceOptions {
  ServeLimits limits;
  Keys keys;                        // empty: everyone may ask
  std::vector<std::string> cors{};  // origins of pages that may ask; "*": all
  std::string version;              // of Reckon
  Runner runner = run;              // makes every run; a recorder, for one
  BooksOptions books;
  std::function<void(const std::string&)> log = [](const std::string&) {};  // one JSON line for each request
};

// The HTTP API over one model. Loop thread; outlives the server that calls it.
class Service {
 public:
  Service(Loop& loop, ServiceOptions options);

  void ready(Model& model);  // from now on; until then everything is 503
  void loading(std::string what) { state_ = std::move(what); }
  // Takes effect for requests that come from now on.
  void reconfigure(ServeLimits limits, Keys keys, std::vector<std::string> cors) {
    options_.limits = std::move(limits), options_.keys = std::move(keys), options_.cors = std::move(cors);
  }
  void drain() { draining_ = true; }  // refuse new requests with 503
  void connections(int count) { metrics_.connections = count; }
  Task<void> settled() { return books_.settled(); }  // what requests that were left had computed is entered
  const Metrics& metrics() const { return metrics_; }

  Task<void> handle(const HttpRequest& request, Responder& responder);

 private:
  struct Entry;  // of the access log
  Task<void> route(const HttpRequest& request, Responder& responder, Entry& entry);
  Task<void> generate(const HttpRequest& request, Responder& responder, Entry& entry);
  void inspect(const HttpRequest& request, Responder& responder);
  HttpResponse health() const;
  std::string models() const;
  std::string props() const;
  std::string slots() const;
  std::string policies() const;
  std::string estimate(const HttpRequest& request) const;
  std::string count(const HttpRequest& request) const;
  std::string about_request(const HttpRequest& request);
  int retry_after(const Error& error) const;
  KeyRules authorise(const HttpRequest& request) const;

  Loop& loop_;
  ServiceOptions options_;
  Metrics metrics_;
  Books books_;
  std::string state_ = "loading the model";
  bool draining_ = false;
  std::unique_ptr<Runs> runs_;
  uint64_t next_id_;
  const int64_t started_;
};

}  // namespace reckon
