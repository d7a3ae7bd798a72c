#include "serve/gate.h"

#include <algorithm>
#include <limits>

#include "serve/refusal.h"

namespace reckon {

Gate::Ticket::Ticket(Gate& g, Entrant e) : gate(g), entrant(std::move(e)) {
  gate.keys_[entrant.key].waiting.push_back(this);
  ++gate.waiting_;
}

Gate::Ticket::~Ticket() {
  if (state == State::in) gate.release(entrant);  // left between being let in and running
  if (state != State::waits) return;
  gate.keys_[entrant.key].waiting.remove(this);
  --gate.waiting_;
  gate.let_in();
}

void Gate::Pass::computed(int64_t tokens) {
  gate_->keys_[entrant_.key].counter += static_cast<double>(tokens - entrant_.tokens) / entrant_.weight;
}

Task<Gate::Pass> Gate::enter(Entrant entrant) {
  Key& key = keys_[entrant.key];
  key.weight = entrant.weight;
  if (key.active == 0 && key.waiting.empty()) key.counter = std::max(key.counter, lowest_counter());
  bool at_own_limit = entrant.active > 0 && key.active >= entrant.active;
  bool must_wait = waiting_ > 0 || at_own_limit || !fits(entrant);
  if (must_wait && waiting_ >= limits_.queue) make_room(key);
  Ticket ticket(*this, std::move(entrant));
  let_in();
  if (ticket.state == Ticket::State::waits) co_await ticket.arrival;
  ticket.state = Ticket::State::out;
  co_return Pass(*this, ticket.entrant);
}

bool Gate::fits(const Entrant& entrant) const {
  if (active_ >= limits_.active) return false;
  // What would never fit beside others runs alone; the engine then parks some of its branches.
  return cells_ == 0 || active_ == 0 || cells_used_ + entrant.cells <= cells_;
}

void Gate::admit(const Entrant& entrant) {
  Key& key = keys_[entrant.key];
  ++active_, ++key.active;
  cells_used_ += entrant.cells, branches_ += entrant.branches;
  key.counter += static_cast<double>(entrant.tokens) / entrant.weight;
}

void Gate::release(const Entrant& entrant) {
  --active_, --keys_[entrant.key].active;
  cells_used_ -= entrant.cells, branches_ -= entrant.branches;
  let_in();
}

void Gate::let_in() {
  while (true) {
    Key* next = nullptr;
    for (auto& [name, key] : keys_) {
      if (key.waiting.empty()) continue;
      int most = key.waiting.front()->entrant.active;
      if (most > 0 && key.active >= most) continue;  // its own limit holds up nobody else
      if (!next || key.counter < next->counter) next = &key;
    }
    // Who is next is waited for, also when a smaller one would fit: a large one would never come in.
    if (!next || !fits(next->waiting.front()->entrant)) return;
    Ticket& ticket = *next->waiting.front();
    next->waiting.pop_front();
    --waiting_;
    admit(ticket.entrant);
    ticket.state = Ticket::State::in;
    ticket.arrival.deliver(true);
  }
}

void Gate::push_out(Key& key, std::list<Ticket*>::iterator place, std::exception_ptr why) {
  Ticket& ticket = **place;
  key.waiting.erase(place);
  --waiting_;
  ticket.state = Ticket::State::out;
  ticket.arrival.fail(std::move(why));
}

void Gate::make_room(const Key& own) {
  ++rejected_;
  auto full = [] { return Refusal(Api::queue_full, "the queue is full; try again later"); };
  Key* longest = nullptr;
  for (auto& [name, key] : keys_)
    if (!key.waiting.empty() && (!longest || key.share() > longest->share())) longest = &key;
  double mine = static_cast<double>(own.waiting.size() + 1) / own.weight;
  if (!longest || longest == &own || longest->share() <= mine) throw full();
  push_out(*longest, std::prev(longest->waiting.end()), std::make_exception_ptr(full()));
}

bool Gate::leave(const std::string& id) {
  for (auto& [name, key] : keys_)
    for (auto place = key.waiting.begin(); place != key.waiting.end(); ++place)
      if ((*place)->entrant.id == id) {
        push_out(key, place,
                 std::make_exception_ptr(Error(Code::cancelled, "the request was cancelled while it waited")));
        let_in();
        return true;
      }
  return false;
}

double Gate::lowest_counter() const {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& [name, key] : keys_)
    if (key.active > 0 || !key.waiting.empty()) lowest = std::min(lowest, key.counter);
  return lowest < std::numeric_limits<double>::infinity() ? lowest : 0;
}

}  // namespace reckon
