#include "serve/service_fixture.h"

// Strategies that give only answers that pass a check, over the API.
namespace reckon {
namespace {

constexpr const char* kSchema =
    R"("response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object","required":["x"]}}})";

class Checks : public ServiceTest {};

TEST_F(Checks, APolicyThatChecksAnswersIsRefusedWhereTheRequestHasNothingToCheck) {
  model.capabilities_.grammar = true;
  start();
  for (const char* policy : {"verified", "verified:samples=3", "best-of-n", "weighted-vote:scorer=check"}) {
    expect_refused(chat("", std::string("simulated@") + policy), 400, "reckon.policy", "invalid_policy");
    expect_refused(chat(std::string(R"("stream":true,"reckon":{"policy":")") + policy + "\"}"), 400, "reckon.policy",
                   "invalid_policy");
  }
  Recorder r = chat("", "simulated@verified");
  EXPECT_THAT(r.response.body, HasSubstr("nothing to check"));
  EXPECT_THAT(r.response.body, HasSubstr("response_format"));
  EXPECT_EQ(model.opened, 0);
}

TEST_F(Checks, StrategiesThatRunProgramsAreRefusedAndNotListed) {
  start();
  expect_refused(chat("", "simulated@generate-tests"), 400, "policy generate-tests", "unsupported");
  const json::value listed = ask("/v1/reckon/policies", "").body();
  EXPECT_GE(listed.at("strategies").as_array().size(), 6u);
  for (const json::value& strategy : listed.at("strategies").as_array())
    EXPECT_NO_THROW((void)strategy_of(std::string(strategy.at("name").as_string()), {}));
}

TEST_F(Checks, ASchemaIsACheck) {
  model.capabilities_.grammar = true;
  start();
  model.on("2+2?", {{R"({"y":4})", 1ms}, {R"({"y":4})", 2ms}, {R"({"x":4})", 3ms}});
  json::value body = chat(kSchema, "simulated@verified:wave=1").body();
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), R"({"x":4})");
  EXPECT_EQ(body.at("reckon").at("stop_reason"), "accepted");
}

TEST_F(Checks, WhereNothingPassesTheAnswerSaysSo) {
  model.capabilities_.grammar = true;
  start();
  model.on("2+2?", {{R"({"y":4})", 1ms}, {R"({"y":5})", 2ms}});
  json::value body = chat(kSchema, "simulated@verified:samples=2,wave=1").body();
  EXPECT_EQ(body.at("reckon").at("stop_reason"), "abstain");
  EXPECT_GE(body.at("warnings").as_array().size(), 1u);
}

}  // namespace
}  // namespace reckon
