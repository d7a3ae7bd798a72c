#include "serve/service_fixture.h"

namespace reckon {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const char* const kTools = R"("tools":[{"name":"add","description":"Adds.","input_schema":)"
                           R"({"type":"object","properties":{"a":{"type":"integer"}}}}])";

class MessagesTest : public ServiceTest {
 protected:
  MessagesTest() {
    model.capabilities_.tools = model.capabilities_.grammar = true;
    start();
  }
  Recorder say(const std::string& fields, const std::string& name = "simulated", const std::string& content = "2+2?") {
    return say_all(R"([{"role":"user","content":")" + content + "\"}]", fields, name);
  }
  Recorder say_all(const std::string& messages, const std::string& fields = "", const std::string& name = "simulated") {
    return ask("/v1/messages", R"({"model":")" + name + R"(","max_tokens":3000,"messages":)" + messages +
                                   (fields.empty() ? "" : "," + fields) + "}");
  }
  void can_think() {
    model.capabilities_.think_open = "<think>", model.capabilities_.think_close = "</think>";
    model.capabilities_.think_first = true;
  }
  // Refused in this surface's shape, in words that hold `part`.
  void expect_refused_here(const Recorder& r, const std::string& part) {
    EXPECT_EQ(r.response.status, 400) << r.response.body;
    json::value body = json::parse(r.response.body);
    ASSERT_TRUE(body.as_object().contains("error")) << r.response.body;
    EXPECT_EQ(body.at("error").at("type"), "invalid_request_error");
    EXPECT_THAT(std::string(body.at("error").at("message").as_string()), HasSubstr(part));
  }
  // Event names with their block's kind or delta's, repeated ones once.
  static std::vector<std::string> kinds(const Recorder& r) {
    std::vector<std::string> names;
    for (const auto& [name, data] : r.events) {
      json::value event = json::parse(data);
      std::string kind = name;
      if (name == "content_block_start") kind += ":" + std::string(event.at("content_block").at("type").as_string());
      if (name == "content_block_delta") kind = std::string(event.at("delta").at("type").as_string());
      if (names.empty() || names.back() != kind) names.push_back(kind);
    }
    return names;
  }
};

TEST_F(MessagesTest, AnswersInAnthropicsShapeWithTrueUsage) {
  std::string fields =
      R"("model":"simulated","max_tokens":50,"messages":[{"role":"user","content":[{"type":"text","text":"2+2?"}]}])";
  model.on("2+2?", {{"It is four.", 10ms}, {"It is four.", 10ms}});
  json::value body = ask("/v1/messages", "{" + fields + "}").body();
  EXPECT_EQ(body.at("content").at(0).at("text"), "It is four.");
  EXPECT_EQ(body.at("stop_reason"), "end_turn");
  EXPECT_EQ(body.at("usage").at("output_tokens"), 3);
  Recorder r = ask("/v1/messages", "{\"stream\":true," + fields + "}");
  EXPECT_THAT(kinds(r), ElementsAre("message_start", "ping", "content_block_start:text", "text_delta",
                                    "content_block_stop", "message_delta", "message_stop"));
  EXPECT_EQ(ask("/v1/messages/count_tokens", "{" + fields + "}").body().at("input_tokens"), 1);
  EXPECT_EQ(ask("/v1/messages", R"({"model":"simulated","messages":[]})").body().at("type"), "error");
}

TEST_F(MessagesTest, ACallOfAToolIsABlockOfItsOwn) {
  model.on("2+2?", {{"I add. <call>add {\"a\":2}</call>", 100ms}});
  json::value body = say(kTools).body();
  EXPECT_EQ(body.at("stop_reason"), "tool_use");
  EXPECT_EQ(body.at("content").at(0).at("text"), "I add. ");
  const json::value& call = body.at("content").at(1);
  EXPECT_EQ(call.at("type"), "tool_use");
  EXPECT_EQ(call.at("name"), "add");
  EXPECT_EQ(call.at("input"), (json::value{{"a", 2}}));
  EXPECT_FALSE(call.at("id").as_string().empty());
}

TEST_F(MessagesTest, AStreamedCallIsJsonThatAddsUpAndItsTextIsNeverText) {
  model.on("2+2?", {{"I add < 9. <call>add {\"a\":2}</call><call>add {\"a\":3}</call>", 100ms}});
  Recorder r = say(std::string(kTools) + R"(,"stream":true)");
  EXPECT_THAT(kinds(r), ElementsAre("message_start", "ping", "content_block_start:text", "text_delta",
                                    "content_block_stop", "content_block_start:tool_use", "input_json_delta",
                                    "content_block_stop", "content_block_start:tool_use", "input_json_delta",
                                    "content_block_stop", "message_delta", "message_stop"));
  std::map<int64_t, std::string> said;  // by block
  for (const auto& [name, data] : r.events) {
    json::value event = json::parse(data);
    if (name != "content_block_delta") continue;
    json::object& delta = event.at("delta").as_object();
    said[event.at("index").as_int64()] +=
        std::string((delta.contains("text") ? delta["text"] : delta["partial_json"]).as_string());
  }
  EXPECT_EQ(said[0], "I add < 9. ");
  EXPECT_EQ(json::parse(said[1]), (json::value{{"a", 2}}));
  EXPECT_EQ(json::parse(said[2]), (json::value{{"a", 3}}));
  EXPECT_EQ(json::parse(r.events[r.events.size() - 2].second).at("delta").at("stop_reason"), "tool_use");
}

TEST_F(MessagesTest, CallsAreVotedOnAsJson) {
  model.on("2+2?", {{"<call>add {\"a\": 2, \"b\": 1}</call>", 100ms},
                    {"<call>add {\"a\":3}</call>", 200ms},
                    {"Now <call>add {\"b\":1.0,\"a\":2}</call>", 300ms}});
  json::value body = say(kTools, "simulated@sc3").body();
  EXPECT_EQ(body.at("reckon").at("votes"), 2);
  EXPECT_EQ(body.at("content").as_array().back().at("input").at("a").to_number<int>(), 2);
}

TEST_F(MessagesTest, CallsAndResultsOfTheHistoryAreTurnsOfTheirOwn) {
  model.on("2+2?\nI add.\nError: four\nfive\nThanks", {{"4", 10ms}});
  json::value body = say_all(R"([{"role":"user","content":"2+2?"},
      {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"I add."},
        {"type":"tool_use","id":"a","name":"add","input":{"a":2}},{"type":"tool_use","id":"b","name":"add","input":{}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","is_error":true,"content":"four"},
        {"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"five"}]},
        {"type":"text","text":"Thanks"}]}])",
                             kTools)
                         .body();
  ASSERT_TRUE(body.as_object().contains("content")) << json::serialize(body);
  EXPECT_EQ(body.at("content").at(0).at("text"), "4");
}

TEST_F(MessagesTest, ToolChoiceIsReadInThisSurfacesWords) {
  std::string tools = kTools;
  for (const char* choice : {R"({"type":"auto"})", R"({"type":"any"})", R"({"type":"tool","name":"add"})",
                             R"({"type":"none"})", R"({"type":"any","disable_parallel_tool_use":true})"}) {
    model.on("2+2?", {{"<call>add {\"a\":2}</call>", 10ms}});
    EXPECT_EQ(say(tools + ",\"tool_choice\":" + choice).response.status, 200) << choice;
  }
  expect_refused_here(say(tools + R"(,"tool_choice":{"type":"tool","name":"sub"})"), "there is no 'sub'");
  expect_refused_here(say(tools + R"(,"tool_choice":{"type":"perhaps"})"), "tool_choice.type must be");
  expect_refused_here(say(R"("tool_choice":{"type":"any"})"), "tools must be given");
  expect_refused_here(say(R"("tools":[{"type":"web_search_20250305","name":"web_search"}])"), "tools[0]");
  expect_refused_here(say(R"("tools":[{"input_schema":{}}])"), "tools[0].name must be 1 to 128 characters");
}

TEST_F(MessagesTest, BlocksInTheWrongPlaceAreRefusedByName) {
  const std::string user = R"([{"role":"user","content":[)";
  expect_refused_here(say_all(user + R"({"type":"image"}]}])"), "messages[0].content[0]");
  expect_refused_here(say_all(user + R"({"type":"tool_use","id":"a","name":"b","input":{}}]}])"), "of the user");
  expect_refused_here(say_all(user + R"({"type":"text","text":"a"},{"type":"tool_result","tool_use_id":"b"}]}])"),
                      "messages[0].content[1] must be before the text of its turn");
  expect_refused_here(say_all(R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"}])"),
                      "end with a message of the user");
  EXPECT_EQ(model.opened, 0);
}

TEST_F(MessagesTest, ThinkingIsABlockBeforeTheText) {
  can_think();
  model.on("2+2?", {{" so two </think>", 10ms}, {" so two </think>", 10ms}});
  model.on("2+2? so two </think>", {{" four", 10ms}, {" four", 10ms}});
  json::value body = say(R"("thinking":{"type":"enabled","budget_tokens":1024})").body();
  ASSERT_EQ(body.at("content").as_array().size(), 2u) << json::serialize(body);
  EXPECT_EQ(body.at("content").at(0).at("type"), "thinking");
  EXPECT_EQ(body.at("content").at(0).at("thinking"), " so two ");
  EXPECT_EQ(body.at("content").at(0).at("signature"), "");
  EXPECT_EQ(body.at("content").at(1).at("text"), " four");
  Recorder r = say(R"("stream":true,"thinking":{"type":"enabled","budget_tokens":1024})");
  EXPECT_THAT(kinds(r), ElementsAre("message_start", "ping", "content_block_start:thinking", "thinking_delta",
                                    "signature_delta", "content_block_stop", "content_block_start:text", "text_delta",
                                    "content_block_stop", "message_delta", "message_stop"));
}

TEST_F(MessagesTest, ThinkingIsLimitedSwitchedOffOrHidden) {
  can_think();
  model.on("2+2?</think>\n\n", {{" four", 10ms}});
  json::value off = say(R"("thinking":{"type":"disabled"})").body();
  ASSERT_EQ(off.at("content").as_array().size(), 1u) << json::serialize(off);
  model.on("2+2?", {{" so two </think>", 10ms}});
  model.on("2+2? so two </think>", {{" four", 10ms}});
  json::value hidden = say(R"("thinking":{"type":"adaptive","display":"omitted"})").body();
  EXPECT_EQ(hidden.at("content").at(0).at("text"), " four");
  EXPECT_EQ(hidden.at("usage").at("output_tokens"), 4);
  std::string words;
  for (int i = 0; i < 1200; ++i) words += " w";
  model.on("2+2?", {{words, 10ms}});
  model.on("2+2?" + words.substr(0, 2 * 1024) + "\n</think>\n\n", {{" four", 10ms}});
  json::value cut = say(R"("thinking":{"type":"enabled","budget_tokens":1024})").body();
  EXPECT_EQ(cut.at("content").at(1).at("text"), "\n\n four");
  expect_refused_here(say(R"("thinking":{"type":"enabled","budget_tokens":3000})"), "less than max_tokens");
  expect_refused_here(say(R"("thinking":{"type":"enabled"})"), "thinking.budget_tokens must be");
  expect_refused_here(say(R"("output_config":{"effort":"huge"})"), "output_config.effort must be one of");
}

TEST_F(MessagesTest, AVotesThinkingIsTheWinners) {
  can_think();
  model.on("2+2?", {{" hm </think>", 10ms}, {" so </think>", 20ms}, {" now </think>", 30ms}});
  model.on("2+2? hm </think>", {{" \\boxed{5}", 10ms}});
  model.on("2+2? so </think>", {{" \\boxed{4}", 10ms}});
  model.on("2+2? now </think>", {{" \\boxed{4}", 10ms}});
  Recorder r = say(R"("stream":true)", "simulated@sc3");
  std::string thought;
  for (const auto& [name, data] : r.events)
    if (data.find("thinking_delta") != std::string::npos)
      thought += std::string(json::parse(data).at("delta").at("thinking").as_string());
  EXPECT_EQ(thought, " so ");
}

TEST_F(MessagesTest, TheFormOfTheAnswerIsEnforced) {
  model.on("2+2?", {{R"({"x":1})", 100ms}});
  json::value body =
      say(R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}},"effort":"low"})").body();
  EXPECT_EQ(body.at("content").at(0).at("text"), R"({"x":1})");
  EXPECT_THAT(json::serialize(body.at("warnings")), HasSubstr("output_config.effort has no effect"));
  expect_refused_here(say(R"("output_config":{"format":{"type":"json_schema"}})"),
                      "output_config.format.schema is missing");
}

}  // namespace
}  // namespace reckon
