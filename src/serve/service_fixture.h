#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/sim.h"
#include "model/testing/simulated_model.h"
#include "serve/refusal.h"
#include "serve/service.h"

// A service over a scripted model in virtual time, as its tests ask it.
namespace reckon {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

class Recorder : public Responder {
 public:
  void send(HttpResponse r) override { response = std::move(r), begun = ended = true; }
  void begin(Headers) override { begun = true; }
  void event(std::string_view data, std::string_view name, int64_t number) override {
    events.emplace_back(name, data);
    numbers.push_back(number);
  }
  void end() override { ended = true; }
  bool started() const override { return begun; }
  bool gone() const override { return left; }
  json::value body() const { return json::parse(response.body); }
  // The joined deltas of a streamed chat.
  std::string content(const char* field = "content") const {
    std::string text;
    for (const auto& [name, data] : events) {
      if (data == "[DONE]") continue;
      json::value chunk = json::parse(data);
      if (chunk.at("choices").as_array().empty()) continue;
      if (json::value* piece = chunk.at("choices").at(0).at("delta").as_object().if_contains(field))
        text += std::string(piece->as_string());
    }
    return text;
  }
  HttpResponse response;
  std::vector<std::pair<std::string, std::string>> events;  // name and data
  std::vector<int64_t> numbers;
  bool begun = false, ended = false;
  bool left = false;  // the client has, and nobody was told
};

// A ledger in memory that answers later, as a disk does.
inline Task<void> enter(std::vector<LedgerEntry>& rows, const bool& full, LedgerEntry row) {
  co_await sleep_for(0ms);
  if (full) throw Error(Code::environment, "the disk is full");
  rows.push_back(std::move(row));
}

// A model that somebody else owns.
class Borrowed : public Model {
 public:
  explicit Borrowed(Model& model) : model_(model) {}
  const Capabilities& capabilities() const override { return model_.capabilities(); }
  Task<std::unique_ptr<Branch>> open(Prompt prompt, std::shared_ptr<Account> account, Role role) override {
    return model_.open(std::move(prompt), std::move(account), role);
  }
  int count_tokens(const Prompt& prompt) const override { return model_.count_tokens(prompt); }
  Form form(const Prompt& prompt) const override { return model_.form(prompt); }
  Turn read(const Form& form, std::string_view text, bool cut) const override { return model_.read(form, text, cut); }

 private:
  Model& model_;
};

inline OfferedModel offered(Model& model, int64_t bytes = 0) {
  return {.name = model.capabilities().name, .bytes = bytes, .load = [&model](const std::function<bool(double)>&) {
            return LoadedModel{.model = std::make_unique<Borrowed>(model)};
          }};
}

class ServiceTest : public testing::Test {
 protected:
  void start(ServiceOptions options = {}) {
    if (options.models.empty()) options.models.push_back(offered(model));
    options.log = [this](const std::string& line) { log.push_back(line); };
    options.books.ledger = [this](LedgerEntry row) { return enter(rows, disk_full, std::move(row)); };
    options.books.report = [this](const std::string& line) { reports.push_back(line); };
    service = std::make_unique<Service>(sim, std::move(options));
    sim.run(service->open());
  }
  Recorder ask(const std::string& path, const std::string& body, Headers headers = {}) {
    Recorder recorder;
    HttpRequest request{.method = body.empty() ? "GET" : "POST", .path = path, .headers = headers, .body = body};
    sim.run(service->handle(request, recorder));
    return recorder;
  }
  Recorder chat(const std::string& fields, const std::string& name = "simulated") {
    return ask("/v1/chat/completions", R"({"model":")" + name + R"(","messages":[{"role":"user","content":"2+2?"}])" +
                                           (fields.empty() ? "" : "," + fields) + "}");
  }
  void expect_refused(const Recorder& r, int status, const std::string& param, const std::string& code) {
    EXPECT_EQ(r.response.status, status) << r.response.body;
    if (r.response.status != status) return;
    json::value error = r.body().at("error");
    EXPECT_EQ(error.at("param").is_string() ? std::string(error.at("param").as_string()) : "", param)
        << r.response.body;
    EXPECT_EQ(error.at("code").as_string(), code) << r.response.body;
  }
  Sim sim;
  ScriptedModel model;
  std::vector<std::string> log, reports;
  std::vector<LedgerEntry> rows;
  bool disk_full = false;
  std::unique_ptr<Service> service;
};

inline int64_t entered(const std::vector<LedgerEntry>& rows) {
  int64_t tokens = 0;
  for (const LedgerEntry& row : rows) tokens += row.receipt.usage.computed();
  return tokens;
}

inline Task<int> status(Service& service, std::string body) {
  Recorder recorder;
  HttpRequest request{.method = "POST", .path = "/v1/chat/completions", .body = body};
  co_await service.handle(request, recorder);
  co_return recorder.response.status;
}

}  // namespace reckon
