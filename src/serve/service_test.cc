#include "serve/config.h"
#include "serve/service_fixture.h"
#include "serve/thinking.h"

namespace reckon {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

TEST_F(ServiceTest, AChatIsAnsweredWithItsTrueUsage) {
  start();
  model.on("2+2?", {{"It is four.", 100ms}});
  Recorder r = chat("");
  ASSERT_EQ(r.response.status, 200) << r.response.body;
  json::value body = r.body();
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "It is four.");
  EXPECT_EQ(body.at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(body.at("usage").at("prompt_tokens"), 1);
  EXPECT_EQ(body.at("usage").at("completion_tokens"), 3);
  EXPECT_EQ(body.at("usage").at("total_tokens").to_number<int64_t>(), model.computed);
  EXPECT_EQ(body.at("reckon").at("usage").at("selected"), 3);
  EXPECT_EQ(body.at("reckon").at("usage").at("discarded"), 0);
  EXPECT_EQ(body.as_object().if_contains("warnings"), nullptr);
}

TEST_F(ServiceTest, AVoteAnswersWithTheWinnerAndCountsTheLosers) {
  start();
  model.on("2+2?", {{"so \\boxed{5}", 100ms}, {"\\boxed{4}", 200ms}, {"then \\boxed{4}", 300ms}});
  Recorder r = chat("", "simulated@sc3");
  json::value body = r.body();
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "\\boxed{4}");
  EXPECT_EQ(body.at("reckon").at("votes"), 2);
  EXPECT_EQ(body.at("reckon").at("difficulty"), 0.4);  // one other of three
  EXPECT_EQ(body.at("reckon").at("lead"), "switched");
  EXPECT_EQ(body.at("reckon").at("usage").at("selected"), 1);
  EXPECT_EQ(body.at("reckon").at("usage").at("discarded"), 4);
  EXPECT_EQ(body.at("usage").at("completion_tokens"), 5);
  EXPECT_EQ(service->metrics().usage().computed(), model.computed);
}

TEST_F(ServiceTest, AVoteWithoutAnswersSaysSo) {
  start();
  model.on("2+2?", {{.text = "", .time = 100ms, .tokens = 3}, {.text = "", .time = 200ms, .tokens = 3}});
  json::value body = chat("", "simulated@sc2").body();
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "");
  EXPECT_EQ(body.at("reckon").at("stop_reason"), "no_answer");
  EXPECT_EQ(body.at("warnings").as_array().size(), 1u);
}

TEST_F(ServiceTest, AStreamHoldsExactlyTheAnswer) {
  start();
  model.on("2+2?", {{"It is four.", 100ms}});
  Recorder r = chat(R"("stream":true,"stream_options":{"include_usage":true})");
  EXPECT_TRUE(r.ended);
  EXPECT_EQ(r.content(), "It is four.");
  EXPECT_EQ(r.events.back().second, "[DONE]");
  json::value usage = json::parse(r.events[r.events.size() - 2].second);
  EXPECT_TRUE(usage.at("choices").as_array().empty());
  EXPECT_EQ(usage.at("usage").at("completion_tokens"), 3);
  json::value last = json::parse(r.events[r.events.size() - 3].second);
  EXPECT_EQ(last.at("choices").at(0).at("finish_reason"), "stop");
}

TEST_F(ServiceTest, AStreamedVoteShowsTheLeadAsReasoningAndTheWinnerAsContent) {
  start();
  model.on("2+2?", {{"so \\boxed{5}", 100ms}, {"\\boxed{4}", 200ms}, {"then \\boxed{4}", 300ms}});
  Recorder r = chat(R"("stream":true,"reckon":{"policy":"sc3","stream":{"progress":true}})");
  EXPECT_EQ(r.content(), "\\boxed{4}");
  EXPECT_EQ(r.content("reasoning_content"), "so \\boxed{5}");
  EXPECT_THAT(r.events[r.events.size() - 2].second, HasSubstr(R"("lead":"switched")"));
  EXPECT_THAT(r.events[3].second, HasSubstr("progress"));
}

TEST_F(ServiceTest, BestOfNNeedsNoCheckAndIsAVoteAsLongAsItsScorerIsNotMeasured) {
  start();
  model.on("2+2?", {{"so \\boxed{5}", 100ms}, {"\\boxed{4}", 200ms}, {"then \\boxed{4}", 300ms}});
  json::value body = chat("", "simulated@bon3").body();
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "\\boxed{4}");
  EXPECT_THAT(std::string(body.at("reckon").at("policy").as_string()), HasSubstr("scorer=p-true"));
  EXPECT_GT(body.at("reckon").at("usage").at("verifier").to_number<int>(), 0);
  EXPECT_EQ(body.at("usage").at("total_tokens").to_number<int64_t>(), model.computed);
  int64_t most = ask("/v1/reckon/estimate",
                     R"({"model":"simulated@bon3","max_tokens":2,"messages":[{"role":"user","content":"2+2?"}]})")
                     .body()
                     .at("tokens_at_most")
                     .as_int64();
  EXPECT_GE(most, model.computed);
}

TEST_F(ServiceTest, TheNamesThatAreListedAreThoseThatWorkHere) {
  auto names = [&](const ServeLimits& limits, bool thinks) {
    std::vector<std::string> list;
    for (const NamedPolicy& policy : named_policies(limits, thinks)) list.push_back(policy.name);
    return list;
  };
  EXPECT_THAT(names({}, false), testing::ElementsAre("auto", "single", "greedy", "sc4", "sc8", "sc16", "bon4"));
  EXPECT_THAT(names({.samples = 3}, true), testing::ElementsAre("auto", "single", "greedy", "think2k"));
  model.capabilities_.think_open = "<think>", model.capabilities_.think_close = "</think>";
  start({.limits = {.samples = 3}});
  std::string listed = ask("/v1/models", "").response.body;
  EXPECT_THAT(listed, HasSubstr("simulated@think2k"));
  EXPECT_THAT(listed, testing::Not(HasSubstr("@sc4")));
}

TEST_F(ServiceTest, TheSmallestTokenLimitHoldsAndIsSaid) {
  start();
  model.on("2+2?", {{"one two three four", 100ms}});
  json::value body = chat(R"("max_tokens":9,"max_completion_tokens":2)").body();
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "one two");
  EXPECT_EQ(body.at("choices").at(0).at("finish_reason"), "length");
  EXPECT_THAT(std::string(body.at("warnings").at(0).as_string()), HasSubstr("the smallest holds"));
}

TEST_F(ServiceTest, ABudgetThatCutsTheOnlySampleStillGivesItsText) {
  start();
  model.on("2+2?", {{"one two three four", 100ms}});
  json::value body = chat(R"("reckon":{"budget":{"tokens":3}})").body();
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "one two");
  EXPECT_EQ(body.at("choices").at(0).at("finish_reason"), "length");
  EXPECT_EQ(body.at("reckon").at("stop_reason"), "budget:tokens");
  EXPECT_EQ(body.at("reckon").at("usage").at("selected"), 2);
}

TEST_F(ServiceTest, BodyComesBeforeHeaderBeforeSuffix) {
  start();
  auto policy = [&](const std::string& body, Headers headers) {
    model.on("2+2?", std::vector<Reply>(3, {"\\boxed{4}", 10ms}));
    Recorder r = ask("/v1/chat/completions",
                     R"({"model":"default@sc3","messages":[{"role":"user","content":"2+2?"}])" + body + "}", headers);
    return std::string(r.body().at("reckon").at("policy").as_string());
  };
  EXPECT_THAT(policy("", {}), HasSubstr("samples=3"));
  EXPECT_THAT(policy("", {{"x-reckon-policy", "sc2"}}), HasSubstr("samples=2"));
  EXPECT_THAT(policy(R"(,"reckon":{"policy":"single"})", {{"x-reckon-policy", "sc2"}}), HasSubstr("single"));
}

TEST_F(ServiceTest, WhatCannotBeDoneIsRefusedByName) {
  start();
  expect_refused(chat(R"("tools":[{"type":"function"}])"), 400, "tools", "unsupported");
  expect_refused(chat(R"("response_format":{"type":"json_schema"})"), 400, "response_format", "unsupported");
  expect_refused(chat(R"("logprobs":true)"), 400, "logprobs", "unsupported");
  expect_refused(chat(R"("n":3)", "simulated@sc2"), 400, "n", "invalid_value");
  expect_refused(chat(R"("frequency_penalty":1)"), 400, "frequency_penalty", "unsupported");
  expect_refused(chat("", "simulated@beam4"), 400, "policy beam4", "unsupported");
  expect_refused(chat("", "simulated@bon999"), 400, "reckon.policy", "invalid_policy");
  expect_refused(chat("", "simulated@sc9999"), 400, "reckon.policy", "invalid_policy");
  expect_refused(chat("", "simulated@nonsense"), 400, "reckon.policy", "invalid_policy");
  expect_refused(chat("", "gpt-4"), 404, "model", "model_not_found");
  expect_refused(chat(R"("temperature":"hot")"), 400, "temperature", "invalid_value");
  expect_refused(chat(R"("temperature":3)"), 400, "temperature", "invalid_value");
  expect_refused(chat(R"("max_tokens":1.5)"), 400, "max_tokens", "invalid_value");
  expect_refused(chat(R"("stop":[1])"), 400, "stop", "invalid_value");
  expect_refused(chat(R"("reasoning_effort":"huge")"), 400, "reasoning_effort", "invalid_value");
  expect_refused(ask("/v1/chat/completions", "{"), 400, "", "invalid_json");
  expect_refused(ask("/v1/chat/completions", "[]"), 400, "", "invalid_json");
  expect_refused(ask("/v1/chat/completions", "{\"a\":\"\xff\"}"), 400, "", "invalid_json");
  expect_refused(ask("/v1/chat/completions", std::string(1000, '[')), 400, "", "invalid_json");
  expect_refused(ask("/v1/chat/completions", R"({"model":"simulated"})"), 400, "messages", "missing_field");
  expect_refused(ask("/v1/nothing", ""), 404, "", "unknown_route");
  EXPECT_EQ(model.opened, 0);
}

const char* const kTools = R"("tools":[{"type":"function","function":{"name":"add","description":"Adds.","parameters":)"
                           R"({"type":"object","properties":{"a":{"type":"integer"}}}}}])";

TEST_F(ServiceTest, CallsOfToolsAreTakenOutOfTheText) {
  model.capabilities_.tools = model.capabilities_.grammar = true;
  start();
  model.on("2+2?", {{"I add. <call>add {\"a\":2}</call>", 100ms}});
  json::value choice = chat(kTools).body().at("choices").at(0);
  EXPECT_EQ(choice.at("finish_reason"), "tool_calls");
  EXPECT_EQ(choice.at("message").at("content"), "I add. ");
  json::value call = choice.at("message").at("tool_calls").at(0);
  EXPECT_EQ(call.at("type"), "function");
  EXPECT_EQ(call.at("function").at("name"), "add");
  EXPECT_EQ(json::parse(call.at("function").at("arguments").as_string()), (json::value{{"a", 2}}));
  EXPECT_FALSE(call.at("id").as_string().empty());
  model.on("2+2?", {{"It is four.", 100ms}});
  EXPECT_EQ(chat(kTools).body().at("choices").at(0).at("finish_reason"), "stop");
}

TEST_F(ServiceTest, AStreamedCallComesWholeAndItsTextIsNeverContent) {
  model.capabilities_.tools = model.capabilities_.grammar = true;
  start();
  model.on("2+2?", {{"I add < 9. <call>add {\"a\":2}</call>", 100ms}});
  Recorder r = chat(std::string(kTools) + R"(,"stream":true)");
  EXPECT_EQ(r.content(), "I add < 9. ");
  json::value last = json::parse(r.events[r.events.size() - 2].second);
  EXPECT_EQ(last.at("choices").at(0).at("finish_reason"), "tool_calls");
  json::value call = json::parse(r.events[r.events.size() - 3].second).at("choices").at(0).at("delta").at("tool_calls");
  EXPECT_EQ(call.at(0).at("index"), 0);
  EXPECT_EQ(call.at(0).at("function").at("name"), "add");
}

TEST_F(ServiceTest, CallsAreVotedOnAsJsonNotAsText) {
  model.capabilities_.tools = model.capabilities_.grammar = true;
  start();
  model.on("2+2?", {{"<call>add {\"a\": 2, \"b\": 1}</call>", 100ms},
                    {"<call>add {\"a\":3}</call>", 200ms},
                    {"Now <call>add {\"b\":1.0,\"a\":2}</call>", 300ms}});
  json::value body = chat(kTools, "simulated@sc3").body();
  EXPECT_EQ(body.at("reckon").at("votes"), 2);
  EXPECT_EQ(body.at("choices").at(0).at("message").at("tool_calls").at(0).at("function").at("name"), "add");
}

TEST_F(ServiceTest, AnswersOfASchemaAreVotedOnAsJson) {
  model.capabilities_.grammar = true;
  start();
  model.on("2+2?", {{R"({"x": 1, "y": [2]})", 100ms}, {R"({"x":2})", 200ms}, {R"({"y":[2],"x":1.0})", 300ms}});
  json::value body = chat(R"("response_format":{"type":"json_object"})", "simulated@sc3").body();
  EXPECT_EQ(body.at("reckon").at("votes"), 2);
  EXPECT_EQ(json::parse(body.at("choices").at(0).at("message").at("content").as_string()).at("x").to_number<int>(), 1);
}

TEST_F(ServiceTest, WrongToolsAreRefusedByName) {
  model.capabilities_.tools = model.capabilities_.grammar = true;
  start();
  std::string tools = kTools;
  expect_refused(chat(tools + R"(,"tool_choice":{"type":"function","function":{"name":"sub"}})"), 400, "tool_choice",
                 "invalid_value");
  expect_refused(chat(tools + R"(,"tool_choice":"perhaps")"), 400, "tool_choice", "invalid_value");
  expect_refused(chat(R"("tool_choice":"required")"), 400, "tools", "invalid_value");
  expect_refused(chat(R"("tools":[{"type":"function","function":{}}])"), 400, "tools[0].function.name",
                 "invalid_value");
  expect_refused(chat(R"("tools":[{"type":"web_search"}])"), 400, "tools[0]", "unsupported");
  expect_refused(chat(tools + R"(,"response_format":{"type":"json_object"})"), 400, "response_format", "unsupported");
  expect_refused(chat(R"("response_format":{"type":"json_schema"})"), 400, "response_format.json_schema.schema",
                 "missing_field");
  EXPECT_EQ(model.opened, 0);
}

TEST_F(ServiceTest, EverySpellingOfALimitOfThinkingHoldsAndTheSmallestWins) {
  model.capabilities_.think_open = "<think>", model.capabilities_.think_close = "</think>";
  model.capabilities_.think_first = true;
  start();
  auto thinking = [&](const std::string& fields, const std::string& name = "simulated") {
    model.on("2+2?", {{" a b c d e f g h i j </think> never", 10ms}});
    model.on("2+2? a b c d\n</think>\n\n", {{" four", 10ms}});
    model.on("2+2? a b\n</think>\n\n", {{" four", 10ms}});
    return chat(fields, name).body();
  };
  for (const char* field : {R"("thinking_budget_tokens":4)", R"("reasoning_budget_tokens":4)",
                            R"("thinking_token_budget":4)", R"("reasoning":{"max_tokens":4})",
                            R"("custom_params":{"thinking_budget":4})", R"("reckon":{"budget":{"thinking_tokens":4}})",
                            R"("reasoning_effort":"medium","max_tokens":11)", R"("reckon":{"policy":"think4"})"}) {
    json::value body = thinking(field);
    EXPECT_EQ(body.at("usage").at("completion_tokens_details").at("reasoning_tokens"), 4) << field;
    EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "\n\n four") << field;
    EXPECT_EQ(body.as_object().if_contains("warnings"), nullptr) << field;
  }
  json::value both = thinking(R"("thinking_token_budget":4,"reasoning":{"max_tokens":2,"exclude":true})");
  EXPECT_EQ(both.at("usage").at("completion_tokens_details").at("reasoning_tokens"), 2);
  EXPECT_EQ(both.at("choices").at(0).at("message").as_object().if_contains("reasoning"), nullptr);
  EXPECT_EQ(both.at("warnings").as_array().size(), 1u);
}

TEST_F(ServiceTest, UnknownFieldsAreListed) {
  start();
  model.on("2+2?", {{"4", 10ms}});
  json::value body = chat(R"("colour":"red","reckon":{"speed":9},"reasoning_effort":"low","user":"me")").body();
  EXPECT_EQ(json::serialize(body.at("warnings")),
            R"(["unknown field reckon.speed","reasoning_effort has no effect: this model has no thinking block",)"
            R"("unknown field colour"])");
}

TEST_F(ServiceTest, WrongTypesInEveryFieldAreRefusedOrListed) {
  start();
  for (const char* field : {"model",          "messages", "temperature", "top_p",
                            "top_k",          "min_p",    "n",           "stop",
                            "seed",           "stream",   "max_tokens",  "max_completion_tokens",
                            "stream_options", "tools",    "tool_choice", "response_format",
                            "logit_bias",     "logprobs", "reckon",      "reasoning_effort",
                            "reasoning"})
    for (const char* value : {"true", "-7", "1e300", "\"x\"", "[[]]", "[{}]", "{\"a\":{}}"}) {
      model.on("2+2?", {{"4", 1ms}});
      json::object body =
          json::parse(R"({"model":"simulated","messages":[{"role":"user","content":"2+2?"}]})").as_object();
      body[field] = json::parse(value);
      Recorder r = ask("/v1/chat/completions", json::serialize(body));
      EXPECT_TRUE(r.ended && r.response.status < 500) << field << "=" << value << ": " << r.response.body;
    }
}

TEST_F(ServiceTest, AClientThatLeavesStopsItsBranchesAndIsStillCounted) {
  start();
  model.on("2+2?", std::vector<Reply>(4, {"a b c d e f g h i j", 1s}));
  {
    Recorder recorder;
    HttpRequest request{
        .method = "POST",
        .path = "/v1/chat/completions",
        .body = R"({"model":"simulated@sc4","stream":true,"messages":[{"role":"user","content":"2+2?"}]})"};
    auto gone = [](Service& s, const HttpRequest& q, Responder& r) -> Task<bool> {
      co_await s.handle(q, r);
      co_return true;
    };
    EXPECT_FALSE(sim.run(within(450ms, gone(*service, request, recorder))));
  }
  sim.finish();
  EXPECT_EQ(model.live, 0);
  EXPECT_EQ(model.cancelled(), 4);
  EXPECT_EQ(sim.timers_left(), 0u);
  EXPECT_EQ(service->metrics().cancelled, 1);
  EXPECT_EQ(service->metrics().usage().computed(), model.computed);
  EXPECT_THAT(log.back(), HasSubstr("\"status\":499"));
}

TEST_F(ServiceTest, AFullQueueIs429AndPlacesAreGivenInOrder) {
  start({.limits = {.active = 1, .queue = 2}});
  model.on("2+2?", std::vector<Reply>(4, {"a b", 1s}));
  std::string body = R"({"model":"simulated","messages":[{"role":"user","content":"2+2?"}]})";
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(status(*service, body));
  std::vector<int> codes = sim.run(all(std::move(tasks)));
  EXPECT_EQ(codes, (std::vector<int>{200, 200, 200, 429}));
  EXPECT_EQ(sim.elapsed(), 3s);
  EXPECT_THAT(ask("/metrics", "").response.body, HasSubstr("reckon_requests_active 0\n"));
  EXPECT_EQ(service->metrics().rejected, 1);
}

TEST_F(ServiceTest, WaitersThatLeaveGiveTheirPlaceBack) {
  start({.limits = {.active = 1, .queue = 2}});
  model.on("2+2?", std::vector<Reply>(3, {"a b", 1s}));
  std::string body = R"({"model":"simulated","messages":[{"role":"user","content":"2+2?"}]})";
  std::vector<Task<std::optional<int>>> tasks;
  tasks.push_back(within(10s, status(*service, body)));
  tasks.push_back(within(500ms, status(*service, body)));
  tasks.push_back(within(10s, status(*service, body)));
  auto codes = sim.run(all(std::move(tasks)));
  EXPECT_EQ(codes[0], 200);
  EXPECT_FALSE(codes[1]);
  EXPECT_EQ(codes[2], 200);
  EXPECT_EQ(sim.elapsed(), 2s);
}

TEST_F(ServiceTest, LoadingAndDrainingAre503) {
  ServiceOptions options;
  options.models.push_back(offered(model));
  service = std::make_unique<Service>(sim, std::move(options));
  EXPECT_EQ(ask("/health", "").response.status, 503);
  expect_refused(chat(""), 503, "", "loading");
  sim.run(service->open());
  EXPECT_EQ(ask("/health", "").response.status, 200);
  service->drain();
  EXPECT_EQ(ask("/health", "").response.status, 503);
  expect_refused(chat(""), 503, "", "draining");
}

TEST_F(ServiceTest, KeysAreAskedFor) {
  ServiceOptions options;
  options.keys.add({.name = "team"}, "sk-right");
  start(std::move(options));
  EXPECT_EQ(ask("/v1/models", "").response.status, 401);
  EXPECT_EQ(ask("/v1/models", "", {{"authorization", "Bearer sk-wrong"}}).response.status, 401);
  EXPECT_EQ(ask("/v1/models", "", {{"authorization", "Bearer sk-right"}}).response.status, 200);
  EXPECT_EQ(ask("/v1/models", "", {{"x-api-key", "sk-right"}}).response.status, 200);
  EXPECT_EQ(ask("/health", "").response.status, 200);
  EXPECT_THAT(log.back(), HasSubstr("\"path\":\"/health\""));
}

TEST_F(ServiceTest, CompletionsContinueRawText) {
  start();
  model.on("Once upon", {{" a time", 10ms}});
  json::value body = ask("/v1/completions", R"({"model":"simulated","prompt":"Once upon"})").body();
  EXPECT_EQ(body.at("choices").at(0).at("text"), " a time");
  EXPECT_EQ(body.at("object"), "text_completion");
}

TEST_F(ServiceTest, ARequestCanBeLookedUpAndEstimated) {
  start();
  model.on("2+2?", {{"4", 10ms}});
  std::string id(chat("").body().at("id").as_string());
  EXPECT_EQ(ask("/v1/reckon/requests/" + id, "").body().at("state"), "finished");
  EXPECT_EQ(ask("/v1/reckon/requests/nothing", "").response.status, 404);
  json::value cost = ask("/v1/reckon/estimate",
                         R"({"model":"simulated@sc8","max_tokens":10,"messages":[{"role":"user","content":"2+2?"}]})")
                         .body();
  EXPECT_EQ(cost.at("tokens_at_most"), 81);
  EXPECT_EQ(ask("/v1/models", "").body().at("data").at(1).at("id"), "simulated@auto");
  EXPECT_EQ(ask("/v1/models/simulated@auto", "").body().at("id"), "simulated@auto");
  EXPECT_EQ(ask("/v1/models/reckon%2Fauto", "").body().at("id"), "reckon/auto");
  expect_refused(ask("/v1/models/gpt-4", ""), 404, "model", "model_not_found");
  expect_refused(ask("/v1/models/%2", ""), 404, "model", "model_not_found");
  expect_refused(ask("/v1/models", "{}"), 405, "", "method_not_allowed");
}

TEST(Thinking, TagsAreFoundAcrossPieces) {
  ThinkingSplitter splitter("<think>", "</think>");
  ThinkingSplitter::Parts all;
  for (char c : std::string("<think>a < b</think>x <thin y")) {
    auto parts = splitter.feed({&c, 1});
    all.reasoning += parts.reasoning, all.content += parts.content;
  }
  auto rest = splitter.end();
  EXPECT_EQ(all.reasoning + rest.reasoning, "a < b");
  EXPECT_EQ(all.content + rest.content, "x <thin y");
}

TEST(Config, IsReadAndErrorsNameLineAndKey) {
  ServeConfig config = parse_config(
      "listen = \"unix:/run/x\"\n[limits]\nactive = 3\npolicy = \"sc8\"\n[[keys]]\nname = \"a\"\nsha256 = \"" +
          std::string(64, 'a') + "\"\n",
      "c.toml");
  EXPECT_EQ(config.listen, "unix:/run/x");
  EXPECT_EQ(config.limits.active, 3);
  EXPECT_EQ(config.keys.size(), 1u);
  for (auto [text, error] : std::vector<std::pair<std::string, std::string>>{
           {"listen = 5", "c.toml:1: listen must be a string"},
           {"\n\n[limits]\nactive = 0", "c.toml:4: limits.active must be in 1..1024"},
           {"[limits]\nactiv = 1", "c.toml:2: limits.activ is not known (did you mean active?)"},
           {"[limits]\npolicy = \"x\"", "c.toml:2: limits.policy policy 'x'"},
           {"[[keys]]\nname=\"a\"\nsha256=\"zz\"", "sha256 must have 64"},
           {"keys = 1", "c.toml:1: keys must be"},
           {"\n[tls]\nkey = \"k.pem\"", "c.toml:2: tls.certificate is missing"},
           {"cors = [1]", "c.toml:1: cors must be a list of strings"},
           {"[[keys]]\nname=\"a\"\nweight=-1", "c.toml:3: keys.weight must be in"},
           {"[[keys]]\nname=\"a\"\ntokens_per_day=\"many\"", "c.toml:3: keys.tokens_per_day must be a whole number"},
           {"[[models]]\nname=\"a\"\ncontext=1", "c.toml:3: models.context must be in"},
           {"[limits]\nprice = 2", "c.toml:2: limits.price must be in"},
           {"[limits]\nbody_seconds = 0", "c.toml:2: limits.body_seconds must be in"},
           {"a = = 1", "c.toml:1:"}}) {
    try {
      parse_config(text, "c.toml");
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr(error));
    }
  }
}

}  // namespace
}  // namespace reckon
