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

TEST_F(ChoicesTest, GreedyChoicesAreGreedy) {
  start();
  Ask asked = parse_chat({.body = R"({"model":"simulated@greedy","n":2,"messages":[{"role":"user","content":"a"}]})"},
                         {}, model.capabilities());
  EXPECT_EQ(asked.sampling.temperature, 0);
}

}  // namespace
}  // namespace reckon
