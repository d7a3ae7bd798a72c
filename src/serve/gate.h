#pragma once
#include <list>

#include "serve/refusal.h"

#include <reckon/task.h>

namespace reckon {

// Lets `active` holders in at once and `queue` more wait, first come first served. Loop thread.
class Gate {
 public:
  Gate(int active, int queue) : most_(active), queue_(queue) {}

  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    ~Pass() {
      if (gate_) gate_->release();
    }

   private:
    Gate* gate_;
  };

  // Throws Refusal{overloaded} when the queue is full. Dropping the task leaves the queue.
  Task<Pass> enter() {
    if (active_ < most_) {
      ++active_;
      co_return Pass(*this);
    }
    if (waiting() >= queue_) throw Refusal(Code::overloaded, "the queue is full; try again later", "", "queue_full");
    Ticket ticket{*this, waiting_.insert(waiting_.end(), Arrival<bool>())};
    ticket.arrival = *ticket.place;
    co_await ticket.arrival;
    ticket.taken = true;
    co_return Pass(*this);
  }
  int active() const { return active_; }
  int waiting() const { return static_cast<int>(waiting_.size()); }

 private:
  struct Ticket {
    Gate& gate;
    std::list<Arrival<bool>>::iterator place;
    Arrival<bool> arrival{};
    bool taken = false;
    ~Ticket() {
      if (taken) return;
      if (arrival.arrived()) gate.release();
      else gate.waiting_.erase(place);
    }
  };
  void release() {
    if (waiting_.empty()) {
      --active_;
      return;
    }
    Arrival<bool> next = waiting_.front();  // takes over the place
    waiting_.pop_front();
    next.deliver(true);
  }
  const int most_, queue_;
  int active_ = 0;
  std::list<Arrival<bool>> waiting_;
};

}  // namespace reckon
