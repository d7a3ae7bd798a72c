#include "engine/thread_pressure.h"

#include <algorithm>

namespace reckon {

int ThreadPressure::observe(const Step& step) {
  if (most_ <= 1) return threads_;
  window_.wall += step.wall;
  window_.cpu += step.cpu;
  window_.expected = step.expected > 0 && window_.expected >= 0 ? window_.expected + step.expected : -1;
  calm_ += step.wall;
  if (window_.wall >= kWindow) judge();
  return threads_;
}

bool ThreadPressure::starved() const {
  if (threads_ == 1 || window_.cpu >= kShare * window_.wall * threads_) return false;
  return window_.expected <= 0 || window_.wall > kSlow * window_.expected;
}

void ThreadPressure::judge() {
  double slowdown = window_.expected > 0 ? window_.wall / window_.expected : 0;
  bool worse = trial_ && slowdown_before_ > 0 && slowdown > slowdown_before_;
  if (starved() || worse) {
    --threads_;
    if (trial_) hold_ = std::min(2 * hold_, kLongestHold), --regained_;
    else ++shed_;
    trial_ = false;
    calm_ = 0;
  } else if (trial_) {
    trial_ = false;
    hold_ = kFirstHold;
    calm_ = 0;
  } else if (threads_ < most_ && calm_ >= hold_) {
    slowdown_before_ = slowdown;
    trial_ = true;
    ++threads_, ++regained_;
  }
  window_ = {};
}

}  // namespace reckon
