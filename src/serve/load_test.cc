#include "policy/calibration.h"
#include "serve/service_fixture.h"

// Ledger, keys, load and deadlines of the service.
namespace reckon {
namespace {

TEST_F(ServiceTest, TheReceiptIsInTheLedgerBeforeTheResponseEnds) {
  ServiceOptions options;
  options.keys.add({.name = "team"}, "sk-right");
  start(std::move(options));
  model.on("2+2?", {{"four", 100ms}, {"four", 100ms}});
  std::string body = R"("messages":[{"role":"user","content":"2+2?"}],"model":"simulated")";
  Recorder r = ask("/v1/chat/completions", "{" + body + "}", {{"x-api-key", "sk-right"}});
  ASSERT_EQ(rows.size(), 1u);  // the Sim ran no further than to the end of the answer
  EXPECT_EQ(rows[0].receipt.id, r.body().at("reckon").at("receipt").at("id").as_string());
  EXPECT_EQ(rows[0].key, "team");
  EXPECT_EQ(rows[0].command, "serve");
  ask("/v1/chat/completions", "{\"stream\":true," + body + "}", {{"x-api-key", "sk-right"}});
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(entered(rows), model.computed);
}

TEST_F(ServiceTest, AResponseWhoseReceiptCannotBeWrittenIsAnErrorAndTheReceiptIsTold) {
  start();
  disk_full = true;
  model.on("2+2?", std::vector<Reply>(4, {"four", 100ms}));
  expect_refused(chat(""), 500, "", "ledger_unavailable");
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_THAT(reports[0], HasSubstr("the disk is full"));
  EXPECT_THAT(reports[0], HasSubstr("reckon.receipt/1"));
  // What cannot be entered is not started, for a while.
  expect_refused(chat(""), 503, "", "ledger_unavailable");
  EXPECT_EQ(model.opened, 1);
  sim.run(sleep_for(10s));
  Recorder streamed = chat(R"("stream":true)");
  EXPECT_THAT(streamed.events.back().second, HasSubstr("ledger_unavailable"));
  disk_full = false;
  sim.run(sleep_for(10s));
  EXPECT_EQ(chat("").response.status, 200);
  EXPECT_EQ(rows.size(), 1u);
  EXPECT_THAT(ask("/metrics", "").response.body, HasSubstr("reckon_ledger_failures_total 2\n"));
}

TEST_F(ServiceTest, WhatFailsOrIsLeftIsEnteredToo) {
  start();
  model.on("2+2?",
           {{.text = "a b c d", .time = 1s, .failure = std::make_exception_ptr(Error(Code::internal, "broken"))}});
  EXPECT_EQ(chat("").response.status, 500);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].receipt.stop_reason, "internal");
  EXPECT_EQ(ask("/v1/reckon/requests", "").body().at("data"), json::array()) << "it is over";
  model.on("2+2?", {{"a b c d e f g h", 1s}});
  {
    Recorder recorder;
    HttpRequest request{.method = "POST",
                        .path = "/v1/chat/completions",
                        .body = R"({"model":"simulated","messages":[{"role":"user","content":"2+2?"}]})"};
    auto gone = [](Service& s, const HttpRequest& q, Responder& r) -> Task<bool> {
      co_await s.handle(q, r);
      co_return true;
    };
    EXPECT_FALSE(sim.run(within(450ms, gone(*service, request, recorder))));
    EXPECT_EQ(model.live, 0) << "its branches were freed at once";
  }
  sim.run(service->settled());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].receipt.stop_reason, "cancelled");
  EXPECT_EQ(entered(rows), model.computed);
}

Task<int> stream(Service& service, Recorder& recorder, std::string body) {
  HttpRequest request{.method = "POST", .path = "/v1/chat/completions", .body = std::move(body)};
  co_await service.handle(request, recorder);
  co_return 0;
}

// Deletes the request of this stream after a while; the branches that are alive one token later.
Task<int> live_after_delete(Service& service, const Recorder& streamed, const ScriptedModel& model) {
  co_await sleep_for(450ms);
  std::string id(json::parse(streamed.events.at(0).second).at("id").as_string());
  Recorder recorder;
  HttpRequest request{.method = "DELETE", .path = "/v1/reckon/requests/" + id};
  co_await service.handle(request, recorder);
  co_await sleep_for(100ms);
  co_return model.live;
}

TEST_F(ServiceTest, ADeletedRequestFreesItsBranchesWithinATokenAndItsClientGetsWhatThereIs) {
  start();
  model.on("2+2?", std::vector<Reply>(4, {"a b c d e f g h i j", 1s}));
  Recorder recorder;
  std::vector<Task<int>> tasks;
  tasks.push_back(stream(*service, recorder,
                         R"({"model":"simulated@sc4","stream":true,"messages":[{"role":"user","content":"2+2?"}]})"));
  tasks.push_back(live_after_delete(*service, recorder, model));
  EXPECT_EQ(sim.run(all(std::move(tasks))), (std::vector<int>{0, 0}));
  EXPECT_LT(sim.elapsed(), 600ms);
  EXPECT_EQ(recorder.events.back().second, "[DONE]");
  EXPECT_EQ(recorder.content(), "a b c d e");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].receipt.stop_reason, "cancelled");
  EXPECT_EQ(entered(rows), model.computed);
}

TEST_F(ServiceTest, WhoLeftWhileTheRequestWaitedIsNotComputedFor) {
  ServiceOptions options;
  options.limits.active = 1;
  start(std::move(options));
  model.on("2+2?", std::vector<Reply>(3, {"four", 1s}));
  std::string body = R"({"model":"simulated","messages":[{"role":"user","content":"2+2?"}]})";
  Recorder first, left, last;
  left.left = true;
  std::vector<Task<int>> tasks;
  for (Recorder* client : {&first, &left, &last}) tasks.push_back(stream(*service, *client, body));
  sim.run(all(std::move(tasks)));
  EXPECT_EQ(first.response.status, 200);
  EXPECT_EQ(left.response.status, 499);
  EXPECT_EQ(last.response.status, 200);
  EXPECT_EQ(model.opened, 2);
  EXPECT_EQ(rows.size(), 2u);
}

TEST_F(ServiceTest, MetricsHaveTheNamesOfOpenTelemetry) {
  start();
  model.on("2+2?", {{"four it is", 300ms}});
  chat("");
  std::string text = ask("/metrics", "").response.body;
  std::string labels = R"(gen_ai_operation_name="chat",gen_ai_provider_name="reckon",gen_ai_request_model="simulated")";
  for (const std::string& line : {"gen_ai_server_request_duration_seconds_bucket{" + labels + R"(,le="0.32"} 1)",
                                  "gen_ai_server_time_to_first_token_seconds_count{" + labels + "} 1",
                                  "gen_ai_server_time_per_output_token_seconds_count{" + labels + "} 1",
                                  "gen_ai_client_token_usage_sum{" + labels + R"(,gen_ai_token_type="input"} 1)",
                                  "gen_ai_client_token_usage_sum{" + labels + R"(,gen_ai_token_type="output"} 3)"})
    EXPECT_THAT(text, HasSubstr(line + "\n"));
}

constexpr const char* kAdaptive =
    R"({"model":"simulated@auto","messages":[{"role":"user","content":"2+2?"}],"max_tokens":50})";

Task<json::value> answer(Service& service, std::string body) {
  Recorder recorder;
  HttpRequest request{.method = "POST", .path = "/v1/chat/completions", .body = std::move(body)};
  co_await service.handle(request, recorder);
  co_return recorder.body();
}

TEST_F(ServiceTest, UnderLoadAVoteIsShallowerAndSaysWhatRan) {
  start({.limits = {.active = 2, .queue = 64}});
  model.on("2+2?", std::vector<Reply>(200, {.text = "", .time = 1s, .tokens = 3}));  // no answer: until the cap
  std::vector<Task<json::value>> tasks;
  for (int i = 0; i < 8; ++i) tasks.push_back(answer(*service, kAdaptive));
  std::vector<json::value> bodies = sim.run(all(std::move(tasks)));
  std::vector<int64_t> samples;
  for (const json::value& body : bodies) samples.push_back(body.at("reckon").at("samples").to_number<int64_t>());
  // 16 * 2 / (2 + waiting), as two at a time begin and the queue shrinks from 6.
  EXPECT_EQ(samples, (std::vector<int64_t>{4, 4, 5, 5, 8, 8, 16, 16}));
  EXPECT_THAT(std::string(bodies[2].at("reckon").at("policy").as_string()), HasSubstr("cap=5"));
  EXPECT_EQ(bodies[2].at("reckon").at("policy"), bodies[2].at("reckon").at("receipt").at("strategy"));
  EXPECT_THAT(json::serialize(bodies[2].at("warnings")), HasSubstr("under load"));
  EXPECT_EQ(entered(rows), model.computed);
}

TEST_F(ServiceTest, WhoIsRefusedIsToldToWaitForTheWholeQueue) {
  start({.limits = {.active = 1, .queue = 2}});
  model.on("2+2?", std::vector<Reply>(4, {"a b", 4s}));
  chat("");  // so the server knows that a request takes four seconds
  std::string body = R"({"model":"simulated","messages":[{"role":"user","content":"2+2?"}]})";
  Recorder refused;
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(status(*service, body));
  tasks.push_back(stream(*service, refused, body));
  sim.run(all(std::move(tasks)));
  EXPECT_EQ(refused.response.status, 429);
  EXPECT_THAT(refused.response.headers, testing::Contains(std::pair<std::string, std::string>("Retry-After", "12")));
}

TEST_F(ServiceTest, AFixedVoteIsWhatTheClientAskedForAlsoUnderLoad) {
  start({.limits = {.active = 1, .queue = 64}});
  model.on("2+2?", std::vector<Reply>(8, {"a guess", 1s}));
  std::string body = R"({"model":"simulated@sc2","messages":[{"role":"user","content":"2+2?"}]})";
  std::vector<Task<json::value>> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(answer(*service, body));
  for (const json::value& each : sim.run(all(std::move(tasks)))) EXPECT_EQ(each.at("reckon").at("samples"), 2);
}

TEST_F(ServiceTest, ADeadlineIsKeptWithWhatThereIsOrRefusedAtOnce) {
  start({.limits = {.active = 1}});
  model.on("2+2?", {{"a b c d e f g h i j", 1s}, {"a b c d e f g h i j", 1s}});
  json::value body = chat(R"("reckon":{"deadline_ms":450,"late":"best"})").body();
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "a b c d e");  // the token under way ends
  EXPECT_EQ(body.at("choices").at(0).at("finish_reason"), "length");
  EXPECT_EQ(chat("").response.status, 200);  // a sample takes a second here
  Loop::Time before = sim.now();
  expect_refused(chat(R"("reckon":{"deadline_ms":450,"late":"refuse"})"), 504, "reckon.deadline_ms",
                 "deadline_unreachable");
  EXPECT_EQ(sim.now(), before);
  EXPECT_EQ(model.opened, 2);
  expect_refused(chat(R"("reckon":{"deadline_ms":450,"late":"never"})"), 400, "reckon.late", "invalid_value");
}

TEST_F(ServiceTest, WhoWaitsUntilTheDeadlineIsToldThen) {
  start({.limits = {.active = 1}});
  model.on("2+2?", {{"a b", 1s}});
  std::string fields = R"("model":"simulated","messages":[{"role":"user","content":"2+2?"}])";
  std::vector<Task<int>> tasks;
  tasks.push_back(status(*service, "{" + fields + "}"));
  tasks.push_back(status(*service, "{" + fields + R"(,"reckon":{"deadline_ms":300}})"));
  EXPECT_EQ(sim.run(all(std::move(tasks))), (std::vector<int>{200, 504}));
  EXPECT_EQ(model.opened, 1);
}

TEST_F(ServiceTest, ADeadlineCountsTheBranchesThatWillShareAStep) {
  model.capabilities_.batch_cost = {{1, .1}, {8, .8}};
  start();
  model.on("2+2?", std::vector<Reply>(2, {"a b c d e f g h i j", 1s}));
  chat("");  // ten tokens in ten steps of one branch
  std::string late = R"("reckon":{"deadline_ms":3000,"late":"refuse"})";
  expect_refused(chat(late, "simulated@sc8"), 504, "reckon.deadline_ms", "deadline_unreachable");
  EXPECT_EQ(chat(late).response.status, 200);
}

TEST_F(ServiceTest, KvMemoryIsKeptForWhatSamplesTakeOfLateNotForTheMostTheyMay) {
  model.capabilities_.kv_cells = 100;
  start({.limits = {.active = 8}});
  model.on("2+2?", std::vector<Reply>(6, {"a b c d", 1s}));
  std::string body = R"({"model":"simulated","max_tokens":60,"messages":[{"role":"user","content":"2+2?"}]})";
  auto ask_at_once = [&](int count) {
    Loop::Time before = sim.now();
    std::vector<Task<int>> tasks;
    for (int i = 0; i < count; ++i) tasks.push_back(status(*service, body));
    sim.run(all(std::move(tasks)));
    return sim.now() - before;
  };
  EXPECT_EQ(ask_at_once(2), 2s) << "nothing is known yet: 61 cells each";
  EXPECT_EQ(ask_at_once(4), 1s);
}

TEST_F(ServiceTest, ACalibrationChoosesTheRuleOfAdaptiveVotesWhereItMatches) {
  Calibration calibration{
      .model = "simulated", .task = "math", .points = {{.policy = "lead:m=1,cap=3"}}, .balanced = 0, .passed = true};
  start({.limits = {.calibration = std::make_shared<const Calibration>(calibration)}});
  model.on("2+2?", std::vector<Reply>(8, {"4", 10ms}));
  json::value receipt = chat("", "simulated@auto").body().at("reckon").at("receipt");
  EXPECT_THAT(std::string(receipt.at("strategy").as_string()), HasSubstr("rule=lead,m=1,cap=3"));
  EXPECT_THAT(json::serialize(receipt.at("notes")), HasSubstr("calibrated: balanced is lead:m=1,cap=3"));
  receipt = chat(R"("reckon":{"task":"text"})", "simulated@auto").body().at("reckon").at("receipt");
  EXPECT_THAT(json::serialize(receipt.at("notes")), HasSubstr("calibration not used"));
}

TEST(ServeLimits, APriceMovesAutoAndWhatTakesOne) {
  ServeLimits limits{.price = 0.01};
  EXPECT_THAT(strategy_of("auto", limits), HasSubstr("rule=voc,lambda=0.01"));
  EXPECT_THAT(strategy_of("adaptive:rule=voc,cap=4", limits), HasSubstr("lambda=0.01,guard=true,cap=4"));
  EXPECT_THAT(strategy_of("adaptive:rule=voc,lambda=0.5", limits), HasSubstr("lambda=0.5"));
  EXPECT_EQ(strategy_of("sc8", limits), "self-consistency:samples=8");
}

TEST_F(ServiceTest, OnlyWhoAskedSeesAndEndsARequest) {
  ServiceOptions options{.limits = {.active = 1}};
  options.keys.add({.name = "a"}, "sk-a");
  options.keys.add({.name = "b"}, "sk-b");
  start(std::move(options));
  model.on("2+2?", std::vector<Reply>(2, {"a b c d", 1s}));
  std::string body = R"({"model":"simulated","messages":[{"role":"user","content":"2+2?"}]})";
  Recorder first, second;
  HttpRequest request{
      .method = "POST", .path = "/v1/chat/completions", .headers = {{"x-api-key", "sk-a"}}, .body = body};
  auto look = [](Service& service) -> Task<int> {
    co_await sleep_for(500ms);
    Recorder mine, theirs;
    HttpRequest asked{.method = "GET", .path = "/v1/reckon/requests", .headers = {{"x-api-key", "sk-a"}}};
    co_await service.handle(asked, mine);
    asked.headers = {{"x-api-key", "sk-b"}};
    co_await service.handle(asked, theirs);
    const json::value list = mine.body();
    EXPECT_EQ(list.at("data").as_array().size(), 2u);
    EXPECT_EQ(theirs.body().at("data").as_array().size(), 0u);
    asked.method = "DELETE";
    for (const json::value& each : list.at("data").as_array()) {
      asked.path = "/v1/reckon/requests/" + std::string(each.at("id").as_string());
      asked.headers = {{"x-api-key", "sk-b"}};
      Recorder not_theirs, ended;
      co_await service.handle(asked, not_theirs);
      EXPECT_EQ(not_theirs.response.status, 404);
      asked.headers = {{"x-api-key", "sk-a"}};
      if (each.at("state") == "queued") co_await service.handle(asked, ended);
    }
    co_return 0;
  };
  auto send = [](Service& service, const HttpRequest& asked, Recorder& recorder) -> Task<int> {
    co_await service.handle(asked, recorder);
    co_return 0;
  };
  std::vector<Task<int>> tasks;
  tasks.push_back(send(*service, request, first));
  tasks.push_back(send(*service, request, second));
  tasks.push_back(look(*service));
  sim.run(all(std::move(tasks)));
  EXPECT_EQ(first.response.status, 200) << first.response.body;
  EXPECT_EQ(second.response.status, 499) << second.response.body;
  EXPECT_EQ(model.opened, 1);
}

TEST_F(ServiceTest, AKeysBudgetHoldsToTheTokenAndIsRefusedWhenItIsSpent) {
  ServiceOptions options;
  options.keys.add({.name = "team", .ceilings = {.samples = 2}, .tokens_per_day = 8}, "sk-right");
  options.books.spent = [](const std::string&, int64_t) { return 1; };
  options.books.unix_ms = [] { return int64_t{86'400'000}; };
  start(std::move(options));
  model.on("2+2?", std::vector<Reply>(3, {"a b c d", 100ms}));
  std::string body = R"({"model":"simulated","messages":[{"role":"user","content":"2+2?"}]})";
  Headers key{{"x-api-key", "sk-right"}};
  EXPECT_EQ(ask("/v1/chat/completions", body, key).body().at("usage").at("total_tokens"), 5);
  json::value second = ask("/v1/chat/completions", body, key).body();
  EXPECT_EQ(second.at("usage").at("total_tokens"), 2);
  EXPECT_EQ(second.at("reckon").at("stop_reason"), "budget:tokens");
  Recorder third = ask("/v1/chat/completions", body, key);
  expect_refused(third, 429, "", "insufficient_quota");
  EXPECT_EQ(model.computed, 7);
  expect_refused(
      ask("/v1/chat/completions", R"({"model":"simulated@sc3","messages":[{"role":"user","content":"2+2?"}]})", key),
      400, "reckon.policy", "invalid_policy");
}

TEST_F(ServiceTest, PagesOfAllowedOriginsMayAsk) {
  ServiceOptions options;
  options.keys.add({.name = "team"}, "sk-right");
  options.cors = {"https://app.example"};
  start(std::move(options));
  auto header = [](const Recorder& r, std::string_view name) {
    for (const auto& [key, value] : r.response.headers)
      if (key == name) return value;
    return std::string();
  };
  Recorder preflight;
  HttpRequest request{.method = "OPTIONS",
                      .path = "/v1/chat/completions",
                      .headers = {{"origin", "https://app.example"},
                                  {"access-control-request-method", "POST"},
                                  {"access-control-request-headers", "authorization"}}};
  sim.run(service->handle(request, preflight));
  EXPECT_EQ(preflight.response.status, 204);  // without a key: browsers send none
  EXPECT_EQ(header(preflight, "Access-Control-Allow-Headers"), "authorization");
  Recorder r = ask("/v1/models", "", {{"origin", "https://app.example"}, {"x-api-key", "sk-right"}});
  EXPECT_EQ(header(r, "Access-Control-Allow-Origin"), "https://app.example");
  r = ask("/v1/models", "", {{"origin", "https://evil.example"}, {"x-api-key", "sk-right"}});
  EXPECT_EQ(header(r, "Access-Control-Allow-Origin"), "");
}

TEST_F(ServiceTest, LimitsAndKeysCanChangeWhileItRuns) {
  start({.limits = {.active = 1}});
  Keys keys;
  keys.add({.name = "team"}, "sk-new");
  service->reconfigure({.samples = 2}, std::move(keys), {});
  EXPECT_EQ(ask("/v1/models", "").response.status, 401);
  model.on("2+2?", {{"4", 10ms}});
  std::string body = R"({"model":"simulated@sc3","messages":[{"role":"user","content":"2+2?"}]})";
  expect_refused(ask("/v1/chat/completions", body, {{"x-api-key", "sk-new"}}), 400, "reckon.policy", "invalid_policy");
}

}  // namespace
}  // namespace reckon
