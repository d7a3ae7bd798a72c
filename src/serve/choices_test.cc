#include "serve/estimate.h"
#include "serve/service_fixture.h"

namespace reckon {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

using ChoicesTest = ServiceTest;

TEST_F(ChoicesTest, SeveralChoicesShareOnePrompt) {
  start();
  model.on("2+2?", {{"a", 10ms}, {"b c", 20ms}, {"d", 30ms}});
  json::value body = chat(R"("n":3)").body();
  EXPECT_EQ(body.at("choices").as_array().size(), 3u);
  EXPECT_EQ(body.at("choices").at(1).at("message").at("content"), "b c");
  EXPECT_EQ(body.at("usage").at("prompt_tokens"), 1);
  EXPECT_EQ(body.at("usage").at("completion_tokens"), 4);
  EXPECT_EQ(body.at("reckon").at("usage").at("selected"), 4);
}

TEST_F(ChoicesTest, StreamedChoicesAreInterleavedByIndex) {
  start();
  model.on("2+2?", {{"a b c", 30ms}, {"d", 10ms}});
  Recorder r = chat(R"("n":2,"stream":true,"stream_options":{"include_usage":true})");
  std::map<int64_t, std::string> said;
  std::vector<int64_t> finished, spoke;
  for (const auto& [name, data] : r.events) {
    if (data == "[DONE]" || json::parse(data).at("choices").as_array().empty()) continue;
    json::value choice = json::parse(data).at("choices").at(0);
    int64_t index = choice.at("index").as_int64();
    if (json::value* text = choice.at("delta").as_object().if_contains("content"))
      said[index] += std::string(text->as_string()), spoke.push_back(index);
    if (choice.at("finish_reason") == "stop") finished.push_back(index);
  }
  EXPECT_EQ(said[0], "a b c");
  EXPECT_EQ(said[1], "d");
  EXPECT_EQ(finished, (std::vector<int64_t>{0, 1}));
  EXPECT_FALSE(std::ranges::is_sorted(spoke)) << "both grow at once";
  EXPECT_EQ(json::parse(r.events[r.events.size() - 2].second).at("usage").at("completion_tokens"), 4);
  model.on("Once", {{" a b", 30ms}, {" c", 10ms}});
  Recorder raw = ask("/v1/completions", R"({"model":"simulated","prompt":"Once","n":2,"stream":true})");
  std::map<int64_t, std::string> texts;
  for (const auto& [name, data] : raw.events)
    if (data != "[DONE]")
      texts[json::parse(data).at("choices").at(0).at("index").as_int64()] +=
          std::string(json::parse(data).at("choices").at(0).at("text").as_string());
  EXPECT_EQ(texts[0] + "|" + texts[1], " a b| c");
}

TEST_F(ChoicesTest, ChoicesThatTheBudgetCutSaySoAndKeepTheirText) {
  start();
  for (const char* stream : {"false", "true"}) {
    model.on("2+2?", {{"a b c d", 40ms}, {"e", 10ms}, {"f g h i", 40ms}});
    Recorder r = chat(R"("n":3,"reckon":{"budget":{"tokens":7}},"stream":)" + std::string(stream));
    std::map<int64_t, std::string> said, reason;
    json::array choices;
    if (!r.response.body.empty()) choices = r.body().at("choices").as_array();
    for (const auto& [name, data] : r.events)
      if (data != "[DONE]") choices.push_back(json::parse(data).at("choices").at(0));
    for (const json::value& choice : choices) {
      const json::object& object = choice.as_object();
      int64_t index = choice.at("index").as_int64();
      const json::object& part = object.at(object.contains("delta") ? "delta" : "message").as_object();
      if (part.contains("content")) said[index] += std::string(part.at("content").as_string());
      if (choice.at("finish_reason").is_string()) reason[index] = std::string(choice.at("finish_reason").as_string());
    }
    EXPECT_EQ(reason, (std::map<int64_t, std::string>{{0, "length"}, {1, "stop"}, {2, "length"}})) << stream;
    EXPECT_EQ(said[1], "e");
    EXPECT_FALSE(said[0].empty());
  }
}

std::vector<std::string> contents(const json::value& body) {
  std::vector<std::string> list;
  for (const json::value& choice : body.at("choices").as_array())
    list.emplace_back(choice.at("message").at("content").as_string());
  return list;
}

TEST_F(ChoicesTest, OfAVoteTheWinnerIsFirstThenWhatHadMoreVotes) {
  start();
  model.on("2+2?", {{"so \\boxed{5}", 10ms},
                    {"a guess", 20ms},
                    {"now then \\boxed{4}", 30ms},
                    {.text = "cut off", .time = 40ms, .finish = Finish::length},
                    {"\\boxed{4}", 50ms}});
  json::value body = chat(R"("n":4)", "simulated@sc5").body();
  EXPECT_THAT(contents(body), testing::ElementsAre("\\boxed{4}", "now then \\boxed{4}", "so \\boxed{5}", "a guess"));
  EXPECT_EQ(body.at("choices").at(3).at("index"), 3);
  EXPECT_EQ(body.at("reckon").at("votes"), 2);
  EXPECT_EQ(body.at("reckon").at("usage").at("selected"), 1 + 3 + 2 + 2);
  EXPECT_EQ(body.at("reckon").at("usage").at("discarded"), 2);
  EXPECT_EQ(body.at("usage").at("total_tokens").to_number<int64_t>(), model.computed);
  EXPECT_EQ(entered(rows), model.computed);
  EXPECT_EQ(rows.back().receipt.usage.selected, 8) << "the ledger says what the response says";
}

TEST_F(ChoicesTest, AVoteEndsNoSoonerThanItHasItsChoices) {
  start();
  for (const char* policy : {"adaptive:m=2,wave=1", "sc4", "bon4"}) {
    model.on("2+2?", std::vector<Reply>(4, {"\\boxed{4}", 10ms}));
    json::value body = chat(R"("n":4)", std::string("simulated@") + policy).body();
    EXPECT_EQ(contents(body).size(), 4u) << policy;
    EXPECT_EQ(body.as_object().if_contains("warnings"), nullptr) << body;
  }
}

TEST_F(ChoicesTest, ChoicesOfAVoteAreStreamedWhenItIsDecidedAndTheLeadIsReasoningOfTheFirst) {
  start();
  model.on("2+2?", {{"so \\boxed{5}", 10ms}, {"\\boxed{4}", 20ms}, {"then \\boxed{4}", 30ms}});
  Recorder r = chat(R"("n":2,"stream":true)", "simulated@sc3");
  std::map<int64_t, std::string> said, thought, reason;
  for (const auto& [name, data] : r.events) {
    if (data == "[DONE]") continue;
    json::value choice = json::parse(data).at("choices").at(0);
    int64_t index = choice.at("index").as_int64();
    const json::object& delta = choice.at("delta").as_object();
    if (delta.contains("content")) said[index] += std::string(delta.at("content").as_string());
    if (delta.contains("reasoning")) thought[index] += std::string(delta.at("reasoning").as_string());
    if (choice.at("finish_reason").is_string()) reason[index] = std::string(choice.at("finish_reason").as_string());
  }
  EXPECT_EQ(said, (std::map<int64_t, std::string>{{0, "\\boxed{4}"}, {1, "then \\boxed{4}"}}));
  EXPECT_EQ(thought, (std::map<int64_t, std::string>{{0, "so \\boxed{5}"}}));
  EXPECT_EQ(reason, (std::map<int64_t, std::string>{{0, "stop"}, {1, "stop"}}));
}

TEST_F(ChoicesTest, OnlyWhatPassedTheCheckIsAChoiceOfVerified) {
  model.capabilities_.grammar = true;
  start();
  model.on("2+2?", {{R"({"a":"x"})", 10ms}, {R"({"a":1})", 20ms}, {R"({"a":2})", 30ms}});
  const char* form = R"("n":2,"reckon":{"policy":"verified:wave=1,samples=3"},"response_format":{"type":"json_schema",)"
                     R"("json_schema":{"schema":{"type":"object","properties":{"a":{"type":"integer"}}}}})";
  EXPECT_THAT(contents(chat(form).body()), testing::UnorderedElementsAre(R"({"a":1})", R"({"a":2})"));
  model.on("2+2?", {{R"({"a":"x"})", 10ms}, {R"({"a":1})", 20ms}, {R"({"a":"y"})", 30ms}});
  json::value body = chat(form).body();
  EXPECT_THAT(contents(body), testing::ElementsAre(R"({"a":1})"));
  EXPECT_THAT(json::serialize(body.at("warnings")), HasSubstr("1 of 2 choices"));
}

TEST_F(ChoicesTest, UnderLoadAVoteStillHasItsChoices) {
  EXPECT_THAT(shallower(with_choices("adaptive:cap=16", 6), 30, 2), HasSubstr("cap=6,"));
  EXPECT_THAT(shallower("adaptive:cap=16", 30, 2), HasSubstr("cap=1,"));
}

TEST_F(ChoicesTest, CallsThatWereWholeBeforeTheCutAreKept) {
  model.capabilities_.tools = model.capabilities_.grammar = true;
  start();
  model.on("2+2?",
           {{.text = R"(<call>add {"a":2}</call><call>add {"a":</call>)", .time = 10ms, .finish = Finish::length}});
  json::value choice = chat(R"("tools":[{"type":"function","function":{"name":"add"}}])").body().at("choices").at(0);
  EXPECT_EQ(choice.at("finish_reason"), "length");
  ASSERT_EQ(choice.at("message").at("tool_calls").as_array().size(), 1u);
  EXPECT_EQ(choice.at("message").at("tool_calls").at(0).at("function").at("arguments"), R"( {"a":2})");
}

TEST_F(ChoicesTest, GreedyChoicesAreGreedy) {
  start();
  Ask asked = parse_chat({.body = R"({"model":"simulated@greedy","n":2,"messages":[{"role":"user","content":"a"}]})"},
                         {}, model.capabilities());
  EXPECT_EQ(asked.sampling.temperature, 0);
}

}  // namespace
}  // namespace reckon
