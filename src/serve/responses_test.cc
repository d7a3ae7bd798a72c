#include "serve/service_fixture.h"

namespace reckon {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class ResponsesTest : public ServiceTest {
 protected:
  ResponsesTest() { start(); }
  Recorder respond(const std::string& fields, const std::string& name = "simulated") {
    return ask("/v1/responses", R"({"model":")" + name + "\"," + fields + "}");
  }
  static std::vector<std::string> kinds(const Recorder& r) {
    std::vector<std::string> names;
    for (const auto& [name, data] : r.events)
      if (names.empty() || names.back() != name) names.push_back(name);
    return names;
  }
};

TEST_F(ResponsesTest, AnswersInOpenAisShapeWithTrueUsage) {
  model.on("2+2?", {{"It is four.", 10ms}});
  json::value body = respond(R"("input":"2+2?","metadata":{"a":"b"},"max_output_tokens":9)").body();
  EXPECT_EQ(body.at("object"), "response");
  EXPECT_EQ(body.at("status"), "completed");
  EXPECT_EQ(body.at("output").as_array().size(), 1u);
  EXPECT_EQ(body.at("output").at(0).at("content").at(0).at("text"), "It is four.");
  EXPECT_EQ(body.at("usage").at("output_tokens"), 3);
  EXPECT_EQ(body.at("usage").at("total_tokens").to_number<int64_t>(), model.computed);
  EXPECT_EQ(body.at("metadata").at("a"), "b");
  EXPECT_EQ(body.at("max_output_tokens"), 9);
  EXPECT_EQ(body.at("store"), false);
}

TEST_F(ResponsesTest, AListOfItemsAndInstructionsAreMessages) {
  model.on("Be brief.\nHi\nHello\n2+2?", {{"4", 10ms}});
  model.on("Be brief.Hi\nHello\n2+2?", {{"4", 10ms}});
  json::value body = respond(R"("instructions":"Be brief.","input":[{"role":"user","content":"Hi"},
      {"type":"reasoning","id":"rs_1","summary":[]},
      {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]},
      {"role":"user","content":[{"type":"input_text","text":"2+2?"}]}])")
                         .body();
  ASSERT_TRUE(body.as_object().contains("output")) << json::serialize(body);
  EXPECT_EQ(body.at("output").at(0).at("content").at(0).at("text"), "4");
  EXPECT_EQ(body.at("instructions"), "Be brief.");
  EXPECT_THAT(json::serialize(body.at("warnings")), HasSubstr("input[1]: reasoning without its text"));
}

TEST_F(ResponsesTest, ALimitMakesItIncomplete) {
  model.on("2+2?", {{"one two three", 10ms}});
  json::value body = respond(R"("input":"2+2?","max_output_tokens":2)").body();
  EXPECT_EQ(body.at("status"), "incomplete");
  EXPECT_EQ(body.at("incomplete_details").at("reason"), "max_output_tokens");
  EXPECT_EQ(body.at("output").at(0).at("status"), "incomplete");
}

TEST_F(ResponsesTest, AStreamHasOpenAisEventsInOrderAndNumbered) {
  model.on("2+2?", {{"It is four.", 10ms}});
  Recorder r = respond(R"("input":"2+2?","stream":true)");
  EXPECT_THAT(kinds(r),
              ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                          "response.content_part.added", "response.output_text.delta", "response.output_text.done",
                          "response.content_part.done", "response.output_item.done", "response.completed"));
  std::string text;
  for (size_t i = 0; i < r.events.size(); ++i) {
    json::value event = json::parse(r.events[i].second);
    EXPECT_EQ(event.at("type").as_string(), r.events[i].first);
    EXPECT_EQ(event.at("sequence_number"), i);
    if (r.events[i].first == "response.output_text.delta") text += std::string(event.at("delta").as_string());
  }
  EXPECT_EQ(text, "It is four.");
  json::value last = json::parse(r.events.back().second);
  EXPECT_EQ(last.at("response").at("output").at(0).at("content").at(0).at("text"), "It is four.");
  EXPECT_EQ(last.at("response").at("usage").at("output_tokens"), 3);
  EXPECT_TRUE(r.ended);
}

TEST_F(ResponsesTest, AStreamedVoteReasonsWithTheLeadAndSaysTheWinner) {
  model.on("2+2?", {{"so \\boxed{5}", 100ms}, {"\\boxed{4}", 200ms}, {"then \\boxed{4}", 300ms}});
  Recorder r = respond(R"("input":"2+2?","stream":true)", "simulated@sc3");
  json::value last = json::parse(r.events.back().second).at("response");
  EXPECT_EQ(last.at("output").at(0).at("type"), "reasoning");
  EXPECT_EQ(last.at("output").at(0).at("content").at(0).at("text"), "so \\boxed{5}");
  EXPECT_EQ(last.at("output").at(1).at("content").at(0).at("text"), "\\boxed{4}");
  EXPECT_EQ(last.at("reckon").at("lead"), "switched");
  EXPECT_THAT(kinds(r), testing::Contains("response.reasoning_text.delta"));
}

const char* const kTools = R"("tools":[{"type":"function","name":"add","strict":true,"parameters":)"
                           R"({"type":"object","properties":{"a":{"type":"integer"}}}}])";

TEST_F(ResponsesTest, ACallOfAFunctionIsAnItemOfItsOwn) {
  model.capabilities_.tools = model.capabilities_.grammar = true;
  model.on("2+2?", {{"I add. <call>add {\"a\":2}</call>", 100ms}, {"<call>add {\"a\":2}</call>", 100ms}});
  json::value body = respond(std::string(kTools) + R"(,"input":"2+2?","tool_choice":"required")").body();
  EXPECT_EQ(body.at("status"), "completed");
  EXPECT_EQ(body.at("tools").at(0).at("name"), "add");
  EXPECT_EQ(body.at("tool_choice"), "required");
  EXPECT_EQ(body.at("output").at(0).at("content").at(0).at("text"), "I add. ");
  const json::value& call = body.at("output").at(1);
  EXPECT_EQ(call.at("type"), "function_call");
  EXPECT_EQ(call.at("name"), "add");
  EXPECT_EQ(json::parse(call.at("arguments").as_string()), (json::value{{"a", 2}}));
  EXPECT_FALSE(call.at("call_id").as_string().empty());
  EXPECT_EQ(respond(std::string(kTools) + R"(,"input":"2+2?")").body().at("output").as_array().size(), 1u);
}

TEST_F(ResponsesTest, AStreamedCallHasOpenAisEvents) {
  model.capabilities_.tools = model.capabilities_.grammar = true;
  model.on("2+2?", {{"<call>add {\"a\":2}</call>", 100ms}});
  Recorder r = respond(std::string(kTools) + R"(,"input":"2+2?","stream":true)");
  EXPECT_THAT(kinds(r), ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                                    "response.function_call_arguments.delta", "response.function_call_arguments.done",
                                    "response.output_item.done", "response.completed"));
  json::value delta = json::parse(r.events[3].second), done = json::parse(r.events[4].second);
  json::value last = json::parse(r.events.back().second).at("response").at("output").at(0);
  EXPECT_EQ(delta.at("delta"), done.at("arguments"));
  EXPECT_EQ(last.at("arguments"), done.at("arguments"));
  EXPECT_EQ(last.at("id"), done.at("item_id"));
  EXPECT_EQ(json::parse(r.events[2].second).at("item").at("arguments"), "");
}

TEST_F(ResponsesTest, CallsAndOutputsOfTheHistoryBelongToTheirTurns) {
  model.capabilities_.tools = model.capabilities_.grammar = true;
  model.on("2+2?\nI add.\nfour\nfive\n", {{"4", 10ms}});
  std::string input = R"([{"role":"user","content":"2+2?"},
      {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},
      {"role":"assistant","content":"I add."},
      {"type":"function_call","call_id":"a","name":"add","arguments":"{\"a\":2}"},
      {"type":"function_call","call_id":"b","name":"add","arguments":"{}"},
      {"type":"function_call_output","call_id":"a","output":"four"},
      {"type":"function_call_output","call_id":"b","output":[{"type":"input_text","text":"five"}]},
      {"type":"reasoning","id":"rs_lead_1","summary":[],"content":[{"type":"reasoning_text","text":"no"}]},
      {"type":"function_call","call_id":"c","name":"add","arguments":"{}"}])";
  Ask asked = parse_responses({.body = "{\"model\":\"simulated\",\"input\":" + input + "}"}, {}, model.capabilities());
  EXPECT_THAT(asked.messages,
              ElementsAre(Message{"user", "2+2?"},
                          Message{.role = "assistant",
                                  .content = "I add.",
                                  .reasoning = "hm",
                                  .tool_calls = {{"a", "add", "{\"a\":2}"}, {"b", "add", "{}"}}},
                          Message{.role = "tool", .content = "four", .tool_call_id = "a"},
                          Message{.role = "tool", .content = "five", .tool_call_id = "b"},
                          Message{.role = "assistant", .content = "", .tool_calls = {{"c", "add", "{}"}}}));
  EXPECT_TRUE(asked.warnings.empty());
  json::value body = respond(std::string(kTools) + ",\"input\":" + input).body();
  EXPECT_EQ(body.at("output").at(0).at("content").at(0).at("text"), "4");
  expect_refused(respond(R"("input":[{"type":"function_call","call_id":"a","name":"b","arguments":"x"}])"), 400,
                 "input[0].arguments", "invalid_value");
  expect_refused(respond(R"("input":[{"type":"function_call_output","call_id":"a"}])"), 400, "input[0].output",
                 "missing_field");
}

TEST_F(ResponsesTest, TheFormOfTheAnswerIsEnforcedAndRepeated) {
  model.capabilities_.grammar = true;
  model.on("2+2?", {{R"({"x": 1})", 100ms}, {R"({"x":2})", 200ms}, {R"({"x":1.0})", 300ms}});
  json::value body = respond(R"("input":"2+2?","text":{"format":{"type":"json_schema","name":"n","strict":true,)"
                             R"("schema":{"type":"object"}}})",
                             "simulated@sc3")
                         .body();
  EXPECT_EQ(body.at("reckon").at("votes"), 2);
  EXPECT_EQ(body.at("text").at("format").at("name"), "n");
  expect_refused(respond(R"("input":"2+2?","text":{"format":{"type":"json_schema"}})"), 400, "text.format.schema",
                 "missing_field");
  expect_refused(respond(R"("input":"2+2?","text":{"format":{"type":"grammar"}})"), 400, "text.format", "unsupported");
}

TEST_F(ResponsesTest, ThinkingIsAReasoningItemUnlessItIsHidden) {
  model.capabilities_.think_open = "<think>", model.capabilities_.think_close = "</think>";
  model.capabilities_.think_first = true;
  model.on("2+2?", {{" so </think>", 10ms}, {" so </think>", 10ms}, {" so </think>", 10ms}});
  model.on("2+2? so </think>", {{" four", 10ms}, {" four", 10ms}, {" four", 10ms}});
  json::value body = respond(R"("input":"2+2?","reasoning":{"effort":"high","summary":"auto"})").body();
  EXPECT_EQ(body.at("output").at(0).at("type"), "reasoning");
  EXPECT_EQ(body.at("output").at(0).at("content").at(0).at("text"), " so ");
  EXPECT_EQ(body.at("output").at(1).at("content").at(0).at("text"), " four");
  EXPECT_EQ(body.at("usage").at("output_tokens_details").at("reasoning_tokens"), 2);
  EXPECT_THAT(json::serialize(body.at("warnings")), HasSubstr("reasoning.summary: there are no summaries"));
  EXPECT_EQ(respond(R"("input":"2+2?","reasoning":{"exclude":true})").body().at("output").as_array().size(), 1u);
  Recorder r = respond(R"("input":"2+2?","stream":true)", "simulated@sc1");
  json::value output = json::parse(r.events.back().second).at("response").at("output");
  ASSERT_EQ(output.as_array().size(), 3u) << "the lead as it came, the winner's thinking, the answer";
  EXPECT_NE(output.at(0).at("id"), output.at(1).at("id"));
  EXPECT_EQ(output.at(1).at("content").at(0).at("text"), " so ");
}

TEST_F(ResponsesTest, AFailureOnTheWayIsAFailedResponse) {
  model.on(
      "2+2?",
      {{.text = "a b", .time = 10ms, .failure = std::make_exception_ptr(Error(Code::internal, "the engine broke"))}});
  Recorder r = respond(R"("input":"2+2?","stream":true)");
  json::value last = json::parse(r.events.back().second);
  EXPECT_EQ(last.at("type"), "response.failed");
  EXPECT_EQ(last.at("response").at("error").at("message"), "the engine broke");
}

TEST_F(ResponsesTest, WhatCannotBeDoneIsRefusedByName) {
  for (const char* field : {"previous_response_id", "conversation", "prompt"})
    expect_refused(respond("\"input\":\"2+2?\",\"" + std::string(field) + "\":\"x\""), 400, field, "unsupported");
  expect_refused(respond(R"("input":"2+2?","store":true)"), 400, "store", "unsupported");
  expect_refused(respond(R"("input":"2+2?","truncation":"auto")"), 400, "truncation", "unsupported");
  expect_refused(respond(R"("input":[{"type":"item_reference","id":"x"}])"), 400, "input[0]", "unsupported");
  expect_refused(respond(R"("input":[{"role":"user","content":[{"type":"input_image"}]}])"), 400, "input[0].content[0]",
                 "unsupported");
  expect_refused(respond(R"("input":[])"), 400, "input", "invalid_value");
  expect_refused(respond(R"("input":[7])"), 400, "input[0]", "invalid_value");
  expect_refused(respond(R"("stream":true)"), 400, "input", "missing_field");
  EXPECT_EQ(model.opened, 0);
}

}  // namespace
}  // namespace reckon
