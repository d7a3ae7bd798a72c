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
  EXPECT_THAT(json::serialize(body.at("warnings")), HasSubstr("input[1]: reasoning of an earlier turn"));
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
