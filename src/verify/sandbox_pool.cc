#include "verify/sandbox_pool.h"

#include <poll.h>

#include <algorithm>

#include "verify/code_scripts.h"

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr int kReplacements = 4;  // of pairs that ended while they waited

// Bubblewrap closes its report when its program has ended.
bool ended(const Contained& contained) {
  pollfd status{contained.status.get(), 0, 0};
  return poll(&status, 1, 0) > 0 && (status.revents & POLLHUP) != 0;
}

}  // namespace

WarmPool::WarmPool(const Sandbox& sandbox, Limits limits, int size)
    : sandbox_(sandbox), limits_(limits), size_(static_cast<size_t>(size)), filler_([this] { fill(); }) {}

WarmPool::~WarmPool() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  filler_.join();
}

JudgePair WarmPool::take() {
  JudgePair pair = take_any();
  for (int i = 0; i < kReplacements && (ended(pair.judge) || ended(pair.player)); ++i) pair = take_any();
  return pair;
}

JudgePair WarmPool::take_any() {
  std::unique_lock lock(mutex_);
  ++waiting_;
  error_.clear();
  changed_.notify_all();
  changed_.wait(lock, [this] { return !ready_.empty() || !error_.empty(); });
  --waiting_;
  if (ready_.empty()) throw Error(Code::environment, error_);
  JudgePair pair = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return pair;
}

void WarmPool::fill() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    // After a failure only a caller's wish starts another attempt.
    bool wanted = ready_.size() < std::max(waiting_, error_.empty() ? size_ : 0);
    if (!wanted || (!error_.empty() && waiting_ > 0)) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    JudgePair pair;
    std::string error;
    try {
      pair = start();
    } catch (const Error& failure) {
      error = failure.what();
    }
    lock.lock();
    error_ = error;
    if (error.empty()) ready_.push_back(std::move(pair));
    changed_.notify_all();
  }
  ready_.clear();
}

JudgePair WarmPool::start() const {
  FdPair control = make_socket_pair(), between = make_socket_pair(), judge_output = make_pipe(),
         player_output = make_pipe();
  SandboxJob job;
  job.limits = limits_;
  JudgePair pair;
  job.argv = {sandbox_.options().python, "-s", "-c", judge_script()};
  pair.judge = sandbox_.start(job, {.input = control.second.get(),
                                    .output = judge_output.second.get(),
                                    .errors = judge_output.second.get(),
                                    .extra = between.first.get()});
  job.argv.back() = player_script();
  pair.player = sandbox_.start(
      job, {.output = player_output.second.get(), .errors = player_output.second.get(), .extra = between.second.get()});
  pair.control = std::move(control.first);
  pair.judge_output = std::move(judge_output.first);
  pair.player_output = std::move(player_output.first);
  return pair;
}

}  // namespace reckon
