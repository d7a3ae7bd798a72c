#include "serve/held_streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "serve/refusal.h"

namespace reckon {

// One stream: its events by number, who listens, and the clock that runs while nobody does.
struct HeldStreams::Held : Responder {
  struct Event {
    std::string data, name;
  };
  Held(HeldStreams& streams, std::string its_id, std::string its_owner)
      : home(streams), id(std::move(its_id)), owner(std::move(its_owner)) {
    expired.set([](void* self) noexcept { static_cast<Held*>(self)->forget(); }, this);
    finished.set([](void* self) noexcept { static_cast<Held*>(self)->work.reset(); }, this);
  }
  ~Held() override { stop_clock(); }

  void send(HttpResponse response) override { whole = std::move(response), end(); }
  void begin(Headers fields) override { headers = std::move(fields), begun = true, tell(); }
  void event(std::string_view data, std::string_view name, int64_t) override {
    bytes += data.size();
    events.push_back({std::string(data), std::string(name)});
    for (; bytes > home.bytes_ && events.size() > 1; ++first) {
      bytes -= events.front().data.size();
      events.pop_front();
    }
    tell();
  }
  void end() override { ended = true, tell(); }
  bool started() const override { return begun || whole; }

  int64_t next() const { return first + static_cast<int64_t>(events.size()); }  // number of the next event
  void tell() {
    for (const Arrival<bool>& waiter : std::exchange(waiting, {})) waiter.deliver(true);
  }
  Arrival<bool> news() { return waiting.emplace_back(); }
  void start_clock() {
    ticking = true;
    timer = home.loop_.arm(home.loop_.now() + home.kept_, expired);
  }
  void stop_clock() {
    if (!std::exchange(ticking, false)) return;
    if (expired.queued()) expired.withdraw();
    else home.loop_.disarm(timer);
  }
  void forget() {
    ticking = false;
    std::erase_if(home.held_, [this](const auto& held) { return held.get() == this; });
  }

  HeldStreams& home;
  const std::string id, owner;
  std::deque<Event> events;
  int64_t first = 0;  // number of the oldest event that is kept
  size_t bytes = 0;
  bool begun = false, ended = false, ticking = false;
  Headers headers;
  std::optional<HttpResponse> whole;  // instead of a stream: it was refused
  int listeners = 0;
  std::vector<Arrival<bool>> waiting;
  Loop::Timers::iterator timer;
  Wakeup expired, finished;
  std::optional<Task<void>> work;
};

// Somebody listens.
struct HeldStreams::Visit {
  Held& held;
  explicit Visit(Held& h) : held(h) {
    ++held.listeners;
    held.stop_clock();
  }
  Visit(const Visit&) = delete;
  ~Visit() {
    if (--held.listeners == 0) held.start_clock();
  }
};

HeldStreams::HeldStreams(Loop& loop, Loop::Clock::duration kept, size_t most, size_t bytes)
    : loop_(loop), kept_(kept), most_(most), bytes_(bytes) {}
HeldStreams::~HeldStreams() = default;

void HeldStreams::make_room() {
  if (held_.size() < most_) return;
  auto over = std::ranges::find_if(held_, [](const auto& held) { return held->ended && held->listeners == 0; });
  if (over == held_.end())
    throw Refusal(Api::queue_full,
                  fmt::format("{} streams are kept for their clients already; try again later", most_));
  held_.erase(over);
}

void HeldStreams::open(const std::string& id, const std::string& owner,
                       const std::function<Task<void>(Responder&)>& work) {
  make_room();
  Held& held = *held_.emplace_back(std::make_unique<Held>(*this, id, owner));
  held.work.emplace(work(held));
  held.start_clock();
  held.work->start(loop_, held.finished);
}

HeldStreams::Held& HeldStreams::find(const std::string& id, const std::string& owner) {
  for (const auto& held : held_)
    if (held->id == id && held->owner == owner) return *held;
  throw Refusal(Api::request_not_found, "there is no stream of this id that can be read again");
}

Task<void> HeldStreams::follow(std::string id, std::string owner, int64_t after, Responder& client) {
  Held& held = find(id, owner);
  Visit visit(held);
  int64_t next = after + 1;
  if (next < held.first || next > held.next())
    throw Refusal(Api::event_not_found,
                  fmt::format("events {} to {} are kept; {} was asked for", held.first, held.next() - 1, next));
  while (true) {
    if (held.whole) {
      client.send(*held.whole);
      co_return;
    }
    if (held.begun && !client.started()) client.begin(held.headers);
    next = std::max(next, held.first);
    for (; next < held.next(); ++next) {
      const Held::Event& event = held.events[static_cast<size_t>(next - held.first)];
      client.event(event.data, event.name, next);
    }
    if (held.ended) break;
    co_await held.news();
  }
  client.end();
}

Task<HttpResponse> HeldStreams::snapshot(std::string id, std::string owner) {
  Held& held = find(id, owner);
  Visit visit(held);
  while (held.events.empty() && !held.whole && !held.ended) co_await held.news();
  if (held.whole) co_return *held.whole;
  if (held.events.empty()) throw Error(Code::internal, "the run ended without an event");
  co_return HttpResponse{.body = held.ended ? held.events.back().data : held.events.front().data};
}

void HeldStreams::drop_unattended() {
  std::erase_if(held_, [](const auto& held) { return held->listeners == 0; });
}

}  // namespace reckon
