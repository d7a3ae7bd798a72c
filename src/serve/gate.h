#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <utility>

#include "serve/ask.h"

#include <reckon/task.h>

namespace reckon {

// What a request wants of the gate.
struct Entrant {
  std::string id;        // of the request
  std::string key;       // who asks; empty: nobody by name
  double weight = 1;     // of the key: its share, relative to the other keys that wait
  int active = 0;        // most requests of the key at once; 0: no limit of its own
  int64_t tokens = 1;    // the most it may compute
  int64_t cells = 0;     // of the engine's KV cells that it will probably hold at once
  int64_t branches = 1;  // that it keeps alive at once
};

// Lets requests in: at most `active` at once, and never for more KV cells than the engine has, so that it seldom parks
// what runs. Every key has a counter of the tokens it was given, divided by its weight, and the lowest counter is next
// (virtual token counters: Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024). A key that comes back
// is lifted to the lowest counter there is: being away earns nothing. Within a key, first come, first served. A full
// queue pushes out the newest request of the key that waits with most per weight, for a key that waits with less. Loop
// thread.
class Gate {
 public:
  Gate(const ServeLimits& limits, int64_t cells) : limits_(limits), cells_(cells) {}
  Gate(const Gate&) = delete;

  class Pass {
   public:
    Pass(Gate& gate, Entrant entrant) : gate_(&gate), entrant_(std::move(entrant)) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), entrant_(std::move(other.entrant_)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_) gate_->release(entrant_);
    }
    void computed(int64_t tokens);  // what it really was: the rest is given back to the key's counter

   private:
    Gate* gate_;
    Entrant entrant_;
  };

  // Throws Refusal{overloaded} when the queue is full. Dropping the task leaves the queue.
  Task<Pass> enter(Entrant entrant);
  bool leave(const std::string& id);  // a request that waits ends with Error{cancelled}; false: none of this id waits
  int active() const { return active_; }
  int waiting() const { return waiting_; }
  int64_t branches() const { return branches_; }  // of those that are in
  int64_t rejected() const { return rejected_; }  // because the queue was full

 private:
  struct Ticket {
    Gate& gate;
    Entrant entrant;
    Arrival<bool> arrival{};
    enum class State { waits, in, out } state = State::waits;
    Ticket(Gate& g, Entrant e);
    Ticket(const Ticket&) = delete;
    ~Ticket();
  };
  struct Key {
    double counter = 0, weight = 1;
    int active = 0;
    std::list<Ticket*> waiting;  // they live in the frames that wait
    double share() const { return static_cast<double>(waiting.size()) / weight; }
  };
  bool fits(const Entrant& entrant) const;
  void admit(const Entrant& entrant);
  void release(const Entrant& entrant);
  void let_in();
  void make_room(const Key& own);
  void push_out(Key& key, std::list<Ticket*>::iterator place, std::exception_ptr why);
  double lowest_counter() const;

  const ServeLimits& limits_;
  const int64_t cells_;  // 0: unknown
  int active_ = 0, waiting_ = 0;
  int64_t cells_used_ = 0, branches_ = 0, rejected_ = 0;
  std::map<std::string, Key> keys_;  // as many as there are API keys
};

}  // namespace reckon
