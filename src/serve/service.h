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
#include "serve/model_pool.h"
#include "serve/runs.h"

namespace reckon {

struct ServiceOptions {
  std::vector<OfferedModel> models;  // the first is the default one
  int64_t memory_limit = 0;          // bytes of all loaded models; 0: none
  ServeLimits limits;
  Keys keys;                        // empty: everyone may ask
  std::vector<std::string> cors{};  // origins of pages that may ask; "*": all
  std::string version;              // of Reckon
  Runner runner = run;              // makes every run; a recorder, for one
  BooksOptions books;
  std::function<void(const std::string&)> log{};  // one JSON line for each request; empty: none
};

// The id of a request without the prefix that its surface gave it.
std::string bare_id(std::string id);

// The HTTP API over the models of a server. Loop thread; outlives the server that calls it.
class Service {
 public:
  Service(Loop& loop, ServiceOptions options);

  Task<void> open();  // loads the first model; until then everything is 503. Throws its Error
  // Takes effect for requests that come from now on.
  void reconfigure(ServeLimits limits, Keys keys, std::vector<std::string> cors) {
    options_.limits = std::move(limits), options_.keys = std::move(keys), options_.cors = std::move(cors);
  }
  void drain() { draining_ = true, pool_.close(), held_.drop_unattended(); }  // refuse new requests with 503
  void connections(int count) { metrics_.connections = count; }
  Task<void> settled();  // what requests that were left had computed is entered, and no model is loading
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
  Task<ModelPool::Lease> lease(const HttpRequest& request);  // of the model that it names
  Task<void> answer(const Form& form, AskPtr ask, ModelPool::Lease lease, Responder& responder, Shared entry);
  HttpResponse refusal(const Error& error, Entry& entry);

  // resumable.cc: runs that outlive their client's connection.
  static bool reads_again(const HttpRequest& request);
  Task<void> read_again(const HttpRequest& request, Responder& responder, Shared entry);
  Task<void> generate_apart(const Form& form, AskPtr ask, ModelPool::Lease lease, Responder& responder, Shared entry);
  Task<void> answer_apart(const Form& form, AskPtr ask, ModelPool::Lease lease, Responder& responder, Shared entry);

  Task<void> inspect(const HttpRequest& request, Responder& responder, Shared entry);
  HttpResponse health() const;
  std::string models(std::string_view id) const;    // all where `id` is empty
  std::string props(std::string_view model) const;  // of the first where `model` is empty
  std::string slots() const;
  std::string policies() const;
  std::string estimate(const HttpRequest& request, const Runs& runs) const;
  std::string count(const HttpRequest& request, const Runs& runs) const;
  std::string about_request(const HttpRequest& request, const std::string& key);
  std::string live_requests(const std::string& key) const;
  void publish();  // what the metrics tell of now
  int retry_after(const Error& error);
  KeyRules authorise(const HttpRequest& request) const;

  Loop& loop_;
  ServiceOptions options_;
  Metrics metrics_;
  Books books_;
  bool draining_ = false;
  ModelPool pool_;    // after what its runs use
  HeldStreams held_;  // and these after their models
  uint64_t next_id_;
  const int64_t started_;
};

}  // namespace reckon
