#pragma once
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "net/http.h"

namespace reckon {

// Runs whose client asked to be able to come back: they go on while nobody listens, for `kept` at most, and what they
// sent can be read again from any event on. Loop thread.
class HeldStreams {
 public:
  HeldStreams(Loop& loop, Loop::Clock::duration kept, size_t most = 64, size_t bytes = 4 << 20);
  ~HeldStreams();

  // Starts `work` with a responder that remembers what it is told. Where `most` streams are held, one that has ended
  // makes room, else Refusal{overloaded}. `owner` is who may read it.
  void open(const std::string& id, const std::string& owner, const std::function<Task<void>(Responder&)>& work);
  // Sends the events that come after number `after` (-1: all), the new ones as they happen. Refusal{not_found} when
  // there is no such stream of this owner, or the events are no longer kept.
  Task<void> follow(std::string id, std::string owner, int64_t after, Responder& client);
  // The data of the first event, of the last one when the stream has ended, or the answer in place of a stream. Waits
  // for the first one.
  Task<HttpResponse> snapshot(std::string id, std::string owner);
  void drop_unattended();  // cancels the runs that nobody listens to
  size_t size() const { return held_.size(); }

 private:
  struct Held;
  struct Visit;
  Held& find(const std::string& id, const std::string& owner);
  void make_room();

  Loop& loop_;
  const Loop::Clock::duration kept_;
  const size_t most_, bytes_;  // streams, and bytes of events of one
  std::list<std::unique_ptr<Held>> held_;
};

}  // namespace reckon
