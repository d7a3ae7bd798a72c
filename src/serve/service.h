#pragma once
#include <functional>
#include <memory>
#include <span>
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

  static std::string route_rows();  // of a table of docs/api.md

 private:
  // What the log says of a request, also of one whose client went away.
  struct Entry {
    Entry(Service& its_service, const HttpRequest& request);
    Entry(const Entry&) = delete;
    ~Entry();
    Service& service;
    const std::string method, path, id;
    std::string_view route = "other";
    const Loop::Time start;
    KeyRules key;
    std::string model, policy;
    int status = 499;  // as if the client had gone, until there is an answer
    int64_t tokens = 0;
    int samples = 0;
  };
  using Shared = std::shared_ptr<Entry>;  // owners: the task of its request, and the run that goes on without it
  struct Asked {
    const HttpRequest& request;
    Responder& responder;
    Shared entry;
    std::string id{};  // in the route's path
    void reply(HttpResponse response) { entry->status = response.status, responder.send(std::move(response)); }
  };

  // routes.cc: which method of which path is answered by what.
  enum class Needs { nothing, key, model };  // a key where there are some; the first model loaded
  struct Route {
    std::string_view method, path;
    Needs needs;
    std::string_view help;
    Task<void> (Service::*answer)(Asked asked);
  };
  static std::span<const Route> routes();
  static std::string methods_of(std::string_view path);
  static const Route& find_route(Asked& asked);
  Task<void> route(Asked asked);
  HttpResponse refusal(const Error& error, Entry& entry);
  std::string loading_text() const;

  struct Form;  // of a route that generates text
  static const Form& form_of(const std::string& path);
  Task<void> generate(Asked asked);
  Task<ModelPool::Lease> lease(const HttpRequest& request);  // of the model that it names
  ServeLimits limits_of(const KeyRules& key) const;
  Task<void> answer(const Form& form, AskPtr ask, ModelPool::Lease lease, Responder& responder, Shared entry);

  // resumable.cc: runs that outlive their client's connection.
  Task<void> read_events(Asked asked);
  Task<void> read_response(Asked asked);
  Task<void> generate_apart(const Form& form, AskPtr ask, ModelPool::Lease lease, Responder& responder, Shared entry);
  Task<void> answer_apart(const Form& form, AskPtr ask, ModelPool::Lease lease, Responder& responder, Shared entry);

  // inspect.cc: what can be asked without running anything.
  template <auto body>
  Task<void> tell(Asked asked) {
    asked.reply({.body = (this->*body)(asked)});
    co_return;
  }
  boost::json::array all_models() const;
  std::string models(const Asked& asked);
  std::string one_model(const Asked& asked);
  std::string props(const Asked& asked);
  std::string slots(const Asked& asked);
  std::string policies(const Asked& asked);
  std::string live_requests(const Asked& asked);
  std::string about_request(const Asked& asked);
  std::string end_request(const Asked& asked);
  Task<void> health(Asked asked);
  Task<void> metrics_text(Asked asked);
  Task<void> count_tokens(Asked asked);
  Task<void> tokenize(Asked asked);
  Task<void> detokenize(Asked asked);
  Task<void> estimate(Asked asked);
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
