#include <reckon/loop.h>

namespace reckon {

void Wakeup::withdraw() {
  if (!loop_) return;
  (previous_ ? previous_->next_ : loop_->first_) = next_;
  (next_ ? next_->previous_ : loop_->last_) = previous_;
  loop_ = nullptr;
  previous_ = next_ = nullptr;
}

Loop::~Loop() {
  while (first_) first_->withdraw();
}

void Loop::ready(Wakeup& wakeup) {
  if (wakeup.loop_) return;
  wakeup.loop_ = this;
  wakeup.previous_ = last_;
  (last_ ? last_->next_ : first_) = &wakeup;
  last_ = &wakeup;
}

Loop::Timers::iterator Loop::arm(Time when, Wakeup& wakeup) { return timers_.emplace(when, &wakeup); }

void Loop::drain() {
  while (Wakeup* wakeup = first_) {
    wakeup->withdraw();
    wakeup->call_(wakeup->argument_);  // may destroy the wakeup
  }
}

void Loop::fire(Time now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Wakeup* due = timers_.begin()->second;
    timers_.erase(timers_.begin());
    ready(*due);
  }
}

}  // namespace reckon
