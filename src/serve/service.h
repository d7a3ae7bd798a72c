#pragma once
#include <functional>
#include <memory>
#include <string>

#include "net/http.h"
#include "serve/ask.h"
#include "serve/books.h"
#include "serve/held_streams.h"
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

// The id of a request without the prefix that its surface gave it.
std::string bare_id(std::string id);

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
  void drain() { draining_ = true, held_.drop_unattended(); }  // refuse new requests with 503
  void connections(int count) { metrics_.connections = count; }
  Task<void> settled() { return books_.settled(); }  // what requests that were left had computed is entered
  const Metrics& metrics() const { return metrics_; }

  Task<void> handle(const HttpRequest& request, Responder& responder);

 private:
  // What the log says of a request, also of one whose client went away.
  struct Entry {
    Entry(Service& its_service, const HttpRequest& request);
    Entry(const Entry&) = delete;
    ~Entry();
    Service& service;
    const std::string method, path, id;
    const Loop::Time start;
    KeyRules key;
    std::string model, policy;
    int status = 499;  // as if the client had gone, until there is an answer
    int64_t tokens = 0;
    int samples = 0;
  };
  struct Form;                            // of a route that generates text
  using Shared = std::shared_ptr<Entry>;  // owners: the task of its request, and the run that goes on without it
  static const Form* form_of(const std::string& path);
  Task<void> route(const HttpRequest& request, Responder& responder, Shared entry);
  Task<void> generate(const HttpRequest& request, Responder& responder, Shared entry);
  Task<void> answer(const Form& form, Ask ask, Responder& responder, Shared entry);
  HttpResponse refusal(const Error& error, Entry& entry) const;

  // resumable.cc: runs that outlive their client's connection.
  static bool reads_again(const HttpRequest& request);
  Task<void> read_again(const HttpRequest& request, Responder& responder, Shared entry);
  Task<void> generate_apart(const Form& form, Ask ask, Responder& responder, Shared entry);
  Task<void> answer_apart(const Form& form, Ask ask, Responder& responder, Shared entry);

  void inspect(const HttpRequest& request, Responder& responder);
  HttpResponse health() const;
  std::string models(std::string_view id) const;  // all where `id` is empty
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
  HeldStreams held_;  // after what its runs use
  uint64_t next_id_;
  const int64_t started_;
};

}  // namespace reckon
