#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "engine/stories_fixture.h"

namespace reckon {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const char* const kSchema = R"({"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":)"
                            R"("integer","minimum":0,"maximum":99},"kind":{"enum":["cat","dog"]}},)"
                            R"("required":["name","age","kind"],"additionalProperties":false})";

class GrammarTest : public StoriesTest {
 protected:
  Grammar schema(const char* text = kSchema) {
    return model_->form({.messages = {{"user", "x"}}, .json_schema = text}).grammar;
  }
  Segment generate(Branch& branch, int tokens, Sampling how) {
    Until until{.tokens = tokens, .stop = {}};
    return loop_.run(branch.generate(until, how));
  }
};

TEST_F(GrammarTest, EverySeedWritesJsonOfTheSchemaOrIsTruthfullyCut) {
  auto trunk = loop_.run(story(*model_, account_));
  int whole = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    auto branch = trunk->fork();
    double temperature = seed % 3 == 0 ? 0 : seed % 3 == 1 ? 0.8 : 2;
    Sampling how{.temperature = temperature, .top_k = seed % 2 ? 40 : 0, .seed = seed, .grammar = schema()};
    Segment segment = generate(*branch, 60, how);
    if (segment.finish == Finish::length) {
      EXPECT_EQ(segment.tokens, 60);
      continue;
    }
    ++whole;
    ASSERT_EQ(segment.finish, Finish::stop);
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(segment.text, error);
    ASSERT_FALSE(error) << segment.text;
    EXPECT_EQ(value.as_object().size(), 3u);
    EXPECT_LE(value.at("age").to_number<int>(), 99);
    EXPECT_THAT(std::string(value.at("kind").as_string()), testing::AnyOf("cat", "dog"));
  }
  EXPECT_GT(whole, 40);
  trunk.reset();
  expect_ledger_equals_engine(*account_);
}

TEST_F(GrammarTest, ItGoesOnOverPiecesForksAndTruncation) {
  auto trunk = loop_.run(story(*model_, account_));
  Sampling how{.temperature = 0, .grammar = schema()};
  auto at_once = trunk->fork();
  std::string whole = generate(*at_once, 80, how).text;
  auto branch = trunk->fork();
  std::string text = generate(*branch, 7, how).text;
  Branch::Mark mark = branch->mark();
  auto child = branch->fork();
  generate(*branch, 5, how);
  branch->truncate(mark);
  EXPECT_EQ(text + generate(*branch, 73, how).text, whole);
  EXPECT_EQ(text + generate(*child, 73, how).text, whole);
}

TEST_F(GrammarTest, ForcedTextMustFollowItAndCounts) {
  auto branch = loop_.run(story(*model_, account_));
  Sampling how{.temperature = 0, .grammar = {.gbnf = "root ::= \"ab\" [0-9]{3} \"!\""}};
  EXPECT_EQ(generate(*branch, 2, how).text, "ab");
  loop_.run(branch->append("12"));
  Segment rest = generate(*branch, 20, how);
  EXPECT_EQ(rest.text.size(), 2u) << rest.text;
  EXPECT_EQ(rest.finish, Finish::stop);
  auto other = loop_.run(story(*model_, account_));
  generate(*other, 1, how);
  loop_.run(other->append("zz"));
  EXPECT_THROW(generate(*other, 5, how), Error);
}

TEST_F(GrammarTest, ATriggerStartsItWhereItStands) {
  auto branch = loop_.run(story(*model_, account_));
  Sampling how{.temperature = 0, .grammar = {.gbnf = "root ::= \"girl\" [0-9]{4}", .triggers = {"girl"}}};
  Segment segment = generate(*branch, 60, how);
  EXPECT_THAT(segment.text, StartsWith(", there was a little girl"));
  EXPECT_EQ(segment.finish, Finish::stop);
  EXPECT_EQ(segment.text.size(), std::string(", there was a little girl").size() + 4) << segment.text;
}

TEST_F(GrammarTest, WhatIsNoGrammarOrNoSchemaIsRefused) {
  auto branch = loop_.run(story(*model_, account_));
  EXPECT_THROW(generate(*branch, 5, {.grammar = {.gbnf = "root ::= ("}}), Error);
  EXPECT_THROW(generate(*branch, 5, {.grammar = {.gbnf = "other ::= \"a\""}}), Error);
  EXPECT_THROW(schema(R"({"type":"nonsense"})"), Error);
  EXPECT_THROW(schema("["), Error);
  EXPECT_EQ(generate(*branch, 5, {.temperature = 0}).tokens, 5);
}

TEST_F(GrammarTest, TokensAreToldWithTheirProbabilities) {
  auto branch = loop_.run(story(*model_, account_));
  Segment segment = generate(*branch, 12, {.temperature = 0, .top_logprobs = 3});
  ASSERT_EQ(segment.drawn.size(), 12u);
  double sum = 0;
  std::string bytes;
  for (const DrawnToken& token : segment.drawn) {
    sum += token.drawn.logprob, bytes += token.drawn.bytes;
    ASSERT_EQ(token.top.size(), 3u);
    EXPECT_EQ(token.top[0].token, token.drawn.token);
    EXPECT_GE(token.top[0].logprob, token.top[1].logprob);
  }
  EXPECT_EQ(bytes, segment.text);
  EXPECT_NEAR(sum, segment.logprobs.sum, 1e-9);
}

TEST_F(GrammarTest, BiasAndPenaltiesChangeWhatIsDrawn) {
  auto trunk = loop_.run(story(*model_, account_));
  std::vector<int> letter = model_->tokenize("z", false, false);
  auto biased = trunk->fork();
  Sampling how{.temperature = 0, .logit_bias = {{letter.back(), 100}}};
  EXPECT_EQ(generate(*biased, 4, how).text, "zzzz");
  auto penalised = trunk->fork();
  how.frequency_penalty = 200;
  EXPECT_EQ(generate(*penalised, 2, how).text.substr(0, 1), "z");
  auto plain = trunk->fork(), present = trunk->fork();
  EXPECT_NE(generate(*plain, 60, {.temperature = 0}).text,
            generate(*present, 60, {.temperature = 0, .presence_penalty = 2}).text);
}

TEST_F(GrammarTest, TokensAndTextAreEachOthersInverse) {
  std::vector<int> tokens = model_->tokenize("Once upon a time", true, true);
  EXPECT_GT(tokens.size(), 2u);
  EXPECT_EQ(tokens.front(), 1);
  tokens.erase(tokens.begin());
  EXPECT_THAT(model_->detokenize(tokens), HasSubstr("Once upon a time"));
  EXPECT_THROW(model_->detokenize({1 << 30}), Error);
  EXPECT_THROW(model_->detokenize({-1}), Error);
}

}  // namespace
}  // namespace reckon
