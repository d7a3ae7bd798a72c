#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "engine/stories_fixture.h"

namespace reckon {
namespace {

using testing::HasSubstr;

// Calls as Hermes and Qwen write them, in few tokens, and a thinking block.
const char* const kTemplate = R"({%- if tools %}Tools:{% for tool in tools %} {{ tool | tojson }}{% endfor %}
{% endif %}{%- for m in messages %}{%- if m.role == 'assistant' %}A: {{ m.content or '' }}
{%- for call in m.tool_calls or [] %}<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}</s>
{%- elif m.role == 'tool' %}T: <tool_response>{{ m.content }}</tool_response></s>
{%- else %}U: {{ m.content }}</s>
{%- endif %}{% endfor %}{%- if add_generation_prompt %}A: {% endif %})";

// A GGUF file with one more key at its front. A comment pads the template, so that tensors stay aligned.
std::string with_template(std::string file, std::string text) {
  const std::string key = "tokenizer.chat_template";
  auto number = [](auto value) { return std::string(reinterpret_cast<const char*>(&value), sizeof value); };
  size_t fixed = 8 + key.size() + 4 + 8 + 4;
  text = "{#" + std::string(31 - (fixed + text.size() + 31) % 32, ' ') + "#}" + text;
  uint64_t count = 0;
  std::memcpy(&count, file.data() + 16, sizeof count);
  file.replace(16, 8, number(count + 1));
  return file.insert(24,
                     number(uint64_t{key.size()}) + key + number(uint32_t{8}) + number(uint64_t{text.size()}) + text);
}

class ToolsTest : public StoriesTest {
 protected:
  void SetUp() override {
    StoriesTest::SetUp();
    if (!model_) return;
    EngineOptions with = options();
    with.path = testing::TempDir() + "stories-tools.gguf";
    with.context = 512;
    std::ostringstream bytes;
    bytes << std::ifstream(kStories, std::ios::binary).rdbuf();
    std::ofstream(with.path, std::ios::binary) << with_template(bytes.str(), kTemplate);
    load(with);
    std::filesystem::remove(with.path);
  }
  Prompt prompt(ToolChoice choice) {
    return {.messages = {{"user", "2+2?"}},
            .tools = {{.name = "add",
                       .description = "Adds.",
                       .parameters = R"({"type":"object","properties":{"a":{"type":"integer","maximum":9},)"
                                     R"("b":{"enum":["x","y"]}},"required":["a","b"]})"}},
            .tool_choice = choice,
            .parallel_tool_calls = false};
  }
  // The template's grammar allows white space around a call without end, and this model writes little else.
  std::map<int, double> against_white_space() {
    std::map<int, double> bias;
    for (int token = 0; token < model_->capabilities().tokens; ++token)
      if (std::string text = model_->detokenize({token});
          !text.empty() && text.find_first_not_of(" \t\r\n") == std::string::npos)
        bias[token] = -100;
    return bias;
  }
};

TEST_F(ToolsTest, ARequiredCallIsAlwaysACallOfItsSchema) {
  ASSERT_TRUE(model_->capabilities().tools);
  Form form = model_->form(prompt(ToolChoice::required));
  ASSERT_FALSE(form.grammar.gbnf.empty());
  auto trunk = loop_.run(model_->open(prompt(ToolChoice::required), account_));
  int whole = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    auto branch = trunk->fork();
    Until until{.tokens = 200, .stop = form.stop};
    Segment segment = loop_.run(branch->generate(
        until, {.temperature = 1, .seed = seed, .logit_bias = against_white_space(), .grammar = form.grammar}));
    if (segment.finish == Finish::length) continue;
    ++whole;
    Turn turn = model_->read(form, segment.text, false);
    ASSERT_EQ(turn.tool_calls.size(), 1u) << segment.text;
    EXPECT_EQ(turn.tool_calls[0].name, "add");
    boost::json::value arguments = boost::json::parse(turn.tool_calls[0].arguments);
    EXPECT_LE(arguments.at("a").to_number<int>(), 9);
    EXPECT_TRUE(arguments.at("b") == "x" || arguments.at("b") == "y");
  }
  EXPECT_GT(whole, 6);
}

TEST_F(ToolsTest, ARequiredCallIsMadeByAModelThatWouldRatherEndItsTurn) {
  Form form = model_->form(prompt(ToolChoice::required));
  auto branch = loop_.run(model_->open(prompt(ToolChoice::required), account_));
  std::map<int, double> bias = against_white_space();
  const int end_of_turn = 2;
  bias[end_of_turn] = 100;
  Segment segment = loop_.run(
      branch->generate({.tokens = 200, .stop = form.stop}, {.seed = 1, .logit_bias = bias, .grammar = form.grammar}));
  ASSERT_EQ(segment.finish, Finish::stop) << segment.text;
  EXPECT_EQ(model_->read(form, segment.text, false).tool_calls.size(), 1u) << segment.text;
}

TEST_F(ToolsTest, TextWithoutACallIsContentAndACallInItIsTakenOut) {
  Form form = model_->form(prompt(ToolChoice::automatic));
  ASSERT_FALSE(form.grammar.triggers.empty());
  EXPECT_EQ(model_->read(form, "It is four.", false).content, "It is four.");
  Turn turn = model_->read(
      form, "I add.\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 2, \"b\": \"x\"}}\n</tool_call>", false);
  ASSERT_EQ(turn.tool_calls.size(), 1u);
  EXPECT_THAT(turn.content, HasSubstr("I add."));
  EXPECT_EQ(turn.content.find("tool_call"), std::string::npos);
  std::string broken = "<tool_call>\n{\"name\": \"sub\"";
  EXPECT_EQ(model_->read(form, broken, false).content, broken);
}

TEST_F(ToolsTest, OfATextThatWasCutTheCallsBeforeTheCutAreWhole) {
  Prompt several = prompt(ToolChoice::required);
  several.parallel_tool_calls = true;
  Form form = model_->form(several);
  const std::string call = "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 2, \"b\": \"x\"}}\n</tool_call>";
  for (const std::string cut : {"", "\n", "\n<tool_call>\n{\"name\": \"add\", \"argum", "\n<tool_call>\n{\"na"}) {
    Turn turn = model_->read(form, call + cut, true);
    ASSERT_FALSE(turn.tool_calls.empty()) << cut;
    EXPECT_EQ(boost::json::parse(turn.tool_calls[0].arguments), (boost::json::value{{"a", 2}, {"b", "x"}})) << cut;
    EXPECT_EQ(turn.content.find("tool_call"), std::string::npos) << cut;
  }
}

TEST_F(ToolsTest, CallsAndTheirResultsArePartOfThePrompt) {
  Prompt history = prompt(ToolChoice::automatic);
  int before = model_->count_tokens(history);
  history.messages.push_back({.role = "assistant",
                              .content = "",
                              .tool_calls = {{.id = "1", .name = "add", .arguments = R"({"a":2,"b":"x"})"}}});
  history.messages.push_back({.role = "tool", .content = "four", .tool_call_id = "1"});
  EXPECT_GT(model_->count_tokens(history), before + 20);
  history.messages[1].tool_calls[0].arguments = "no JSON";
  EXPECT_THROW(model_->count_tokens(history), Error);
}

}  // namespace
}  // namespace reckon
