#include "serve/service_fixture.h"

namespace reckon {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

class Resumable : public ServiceTest {
 protected:
  static constexpr const char* kChat =
      R"({"model":"simulated","stream":true,"reckon":{"stream":{"resume":true}},"messages":[{"role":"user","content":"2+2?"}]})";
  static constexpr const char* kBackground = R"({"model":"simulated","background":true,"input":"2+2?"})";

  // A client that goes away after `time`; what it was told until then.
  Recorder leave_after(std::chrono::milliseconds time, HttpRequest request) {
    Recorder recorder;
    auto gone = [](Service& s, HttpRequest q, Responder& r) -> Task<bool> {
      co_await s.handle(q, r);
      co_return true;
    };
    EXPECT_FALSE(sim.run(within(time, gone(*service, std::move(request), recorder))));
    return recorder;
  }
  Recorder chat_and_leave(std::chrono::milliseconds time) {
    return leave_after(time, {.method = "POST", .path = "/v1/chat/completions", .body = kChat});
  }
  static std::string id(const Recorder& r) {
    return std::string(json::parse(r.events.at(0).second).at("id").as_string());
  }
  Recorder again(const std::string& id, int64_t after) {
    return ask("/v1/reckon/requests/" + id + "/events", "", {{"last-event-id", std::to_string(after)}});
  }
  void wait(Loop::Clock::duration time) { sim.run(sleep_for(time)); }
};

TEST_F(Resumable, TheRestCanBeReadAfterADropAndIsTheSameStream) {
  start();
  model.on("2+2?", {{"a b c d e f g h", 800ms}, {"a b c d e f g h", 800ms}});
  Recorder first = chat_and_leave(350ms);
  EXPECT_EQ(first.content(), "a b c");
  Recorder rest = again(id(first), first.numbers.back());
  EXPECT_EQ(first.content() + rest.content(), "a b c d e f g h");
  EXPECT_EQ(rest.numbers.front(), first.numbers.back() + 1);
  EXPECT_EQ(rest.events.back().second, "[DONE]");
  EXPECT_TRUE(rest.ended);
  EXPECT_EQ(model.cancelled(), 0);
  EXPECT_EQ(again(id(first), 0).content(), "a b c d e f g h");  // also after the end, from any event on
  EXPECT_EQ(log.size(), 3u);                                    // one line for each request
}

TEST_F(Resumable, AtTheEndOfTheServerARunIsEnteredAlsoWhereItsListenerWasCutOff) {
  start();
  model.on("2+2?", {{"a b c d e f g h", 800ms}});
  HttpRequest request{.method = "POST", .path = "/v1/chat/completions", .body = kChat};
  Recorder recorder;
  Wakeup done([](void*) noexcept {}, nullptr);
  std::optional<Task<void>> client(service->handle(request, recorder));
  client->start(sim, done);
  wait(250ms);
  service->drain();
  wait(100ms);
  EXPECT_EQ(recorder.content(), "a b c") << "who listens is let finish";
  client.reset();
  sim.run(service->settled());
  EXPECT_EQ(model.live, 0);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(entered(rows), model.computed);
}

TEST_F(Resumable, ARunThatNobodyComesBackToEndsAfterAMinute) {
  start();
  model.on("2+2?", {{std::string(2000, 'x').replace(1, 1, " "), 1h, 1000}});
  Recorder first = chat_and_leave(10s);
  wait(59s);
  EXPECT_GT(model.live, 0);
  wait(2s);
  EXPECT_EQ(model.live, 0);
  sim.finish();
  EXPECT_EQ(service->metrics().cancelled, 1);
  EXPECT_EQ(service->metrics().usage().computed(), model.computed);
  EXPECT_EQ(again(id(first), 0).response.status, 404);
  EXPECT_EQ(sim.timers_left(), 0u);
}

TEST_F(Resumable, WithoutAskingForItAVanishedClientCancelsAtOnce) {
  start();
  model.on("2+2?", {{"a b c d e f g h", 800ms}});
  std::string body = R"({"model":"simulated","stream":true,"messages":[{"role":"user","content":"2+2?"}]})";
  Recorder first = leave_after(350ms, {.method = "POST", .path = "/v1/chat/completions", .body = body});
  EXPECT_EQ(model.live, 0);
  EXPECT_EQ(first.numbers.front(), -1);
  EXPECT_EQ(again(id(first), 0).response.status, 404);
}

TEST_F(Resumable, TheMinuteStartsAnewWithEveryVisit) {
  start();
  model.on("2+2?", {{"a b c d", 400s}});
  Recorder first = chat_and_leave(1s);
  for (int i = 0; i < 4; ++i) {
    wait(50s);
    (void)leave_after(10ms, {.method = "GET", .path = "/v1/reckon/requests/" + id(first) + "/events"});
  }
  EXPECT_GT(model.live, 0);
  EXPECT_EQ(again(id(first), -1 + 1).content(), "a b c d");
}

TEST_F(Resumable, ABackgroundResponseIsPolledOrStreamedFromAnyEvent) {
  start();
  model.on("2+2?", {{"It is four.", 900ms}});
  json::value begun = ask("/v1/responses", kBackground).body();
  EXPECT_EQ(begun.at("status"), "in_progress");
  EXPECT_EQ(begun.at("background"), true);
  std::string path = "/v1/responses/" + std::string(begun.at("id").as_string());
  EXPECT_EQ(ask(path, "").body().at("status"), "in_progress");
  wait(2s);
  json::value done = ask(path, "").body();
  EXPECT_EQ(done.at("status"), "completed");
  EXPECT_EQ(done.at("output").at(0).at("content").at(0).at("text"), "It is four.");
  Recorder recorder;
  HttpRequest request{.method = "GET", .path = path, .query = "stream=true&starting_after=3"};
  sim.run(service->handle(request, recorder));
  EXPECT_EQ(recorder.numbers.front(), 4);
  EXPECT_EQ(json::parse(recorder.events.front().second).at("sequence_number"), 4);
  EXPECT_EQ(recorder.events.back().first, "response.completed");
}

TEST_F(Resumable, ARefusalIsTheAnswerOfTheRequest) {
  start({.limits = {.active = 1, .queue = 0}});
  model.on("2+2?", {{"a b c d", 4s}});
  (void)chat_and_leave(1s);
  EXPECT_EQ(ask("/v1/responses", kBackground).response.status, 429);
  EXPECT_EQ(ask("/v1/chat/completions", kChat).response.status, 429);
  EXPECT_EQ(
      ask("/v1/chat/completions",
          R"({"model":"simulated","reckon":{"stream":{"resume":true}},"messages":[{"role":"user","content":"x"}]})")
          .response.status,
      400);
}

TEST_F(Resumable, OnlyTheKeyThatAskedMayReadIt) {
  ServiceOptions options;
  options.keys.add({.name = "a"}, "sk-a");
  options.keys.add({.name = "b"}, "sk-b");
  start(std::move(options));
  model.on("2+2?", {{"a b c d", 4s}});
  Recorder first = leave_after(
      1s, {.method = "POST", .path = "/v1/chat/completions", .headers = {{"x-api-key", "sk-a"}}, .body = kChat});
  std::string path = "/v1/reckon/requests/" + id(first) + "/events";
  EXPECT_EQ(ask(path, "", {{"x-api-key", "sk-b"}}).response.status, 404);
  EXPECT_EQ(ask(path, "", {{"x-api-key", "sk-a"}}).content(), "a b c d");
}

TEST_F(Resumable, OldEventsMakeRoomAndAskingForThemIsRefused) {
  HeldStreams streams(sim, 60s, 1, 40);
  streams.open("1", "", [](Responder& out) -> Task<void> {
    return [](Responder& r) -> Task<void> {
      r.begin({});
      for (int i = 0; i < 9; ++i) r.event(std::string(10, 'x'));
      r.end();
      co_return;
    }(out);
  });
  Recorder late, all;
  sim.run(streams.follow("1", "", 6, late));
  EXPECT_EQ(late.numbers, (std::vector<int64_t>{7, 8}));
  EXPECT_THROW(sim.run(streams.follow("1", "", -1, all)), Error);
  EXPECT_THROW(sim.run(streams.follow("1", "", 99, all)), Error);
  streams.open("2", "", [](Responder& out) -> Task<void> {  // the ended one makes room
    return [](Responder&) -> Task<void> { co_await sleep_for(1h); }(out);
  });
  EXPECT_EQ(streams.size(), 1u);
  EXPECT_THROW(streams.open("3", "", nullptr), Error);
  streams.drop_unattended();
  EXPECT_EQ(sim.timers_left(), 0u);
}

}  // namespace
}  // namespace reckon
