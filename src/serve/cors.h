#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "net/http.h"

namespace reckon {

// Adds what a browser needs to let a page of another origin read the response (https://fetch.spec.whatwg.org, "CORS
// protocol"). `allowed` holds origins, or "*" for all of them.
class CorsResponder : public Responder {
 public:
  CorsResponder(const HttpRequest& request, Responder& inner, const std::vector<std::string>& allowed) : inner_(inner) {
    std::string origin(request.header("origin"));
    bool any = std::ranges::find(allowed, "*") != allowed.end();
    if (origin.empty() || (!any && std::ranges::find(allowed, origin) == allowed.end())) return;
    headers_ = {{"Access-Control-Allow-Origin", any ? "*" : origin},
                {"Access-Control-Expose-Headers",
                 "X-Request-Id, Request-Id, X-Reckon-Policy, X-Reckon-Samples, X-Reckon-Cost, Retry-After"}};
    if (!any) headers_.emplace_back("Vary", "Origin");
    // Asked by the browser before a request that could change something; it carries no key.
    preflight_ = request.method == "OPTIONS" && !request.header("access-control-request-method").empty();
    asked_ = request.header("access-control-request-headers");
  }

  // With every response that does not say otherwise.
  void also(std::string name, std::string value) { headers_.emplace_back(std::move(name), std::move(value)); }
  bool preflight() const { return preflight_; }
  void answer_preflight() {
    HttpResponse response{
        .status = 204,
        .headers = {{"Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"}, {"Access-Control-Max-Age", "600"}}};
    if (!asked_.empty()) response.headers.emplace_back("Access-Control-Allow-Headers", asked_);
    send(std::move(response));
  }

  void send(HttpResponse response) override {
    add(response.headers);
    inner_.send(std::move(response));
  }
  void begin(Headers headers) override {
    add(headers);
    inner_.begin(std::move(headers));
  }
  void event(std::string_view data, std::string_view name, int64_t number) override {
    inner_.event(data, name, number);
  }
  void end() override { inner_.end(); }
  bool started() const override { return inner_.started(); }
  bool gone() const override { return inner_.gone(); }

 private:
  void add(Headers& headers) const { headers.insert(headers.begin(), headers_.begin(), headers_.end()); }
  Responder& inner_;
  Headers headers_;
  std::string asked_;
  bool preflight_ = false;
};

}  // namespace reckon
