#include "verify/sandbox_pool.h"

#include <poll.h>

#include <algorithm>
#include <cstdlib>

#include "verify/code_scripts.h"

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr int kReplacements = 4;                     // of pairs that ended while they waited
constexpr auto kPatience = std::chrono::seconds(3);  // with an interpreter that only has to look after processes

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

std::optional<TestLines> JudgePair::begin_test(std::chrono::milliseconds patience) {
  FdPair control = make_socket_pair(), between = make_socket_pair(), judge_output = make_pipe(),
         player_output = make_pipe();
  if (!send_byte(judge_door, 't', {between.first.get(), judge_output.second.get(), control.second.get()}) ||
      !send_byte(player_door, 't', {between.second.get(), player_output.second.get()}) ||
      hear(judge_door, patience).empty() || hear(player_door, patience).empty())
    return std::nullopt;
  return TestLines{std::move(control.first), std::move(player_output.first), std::move(judge_output.first)};
}

bool JudgePair::end_test() {
  return send_byte(judge_door, 'x') && send_byte(player_door, 'x') && !hear(judge_door, kPatience).empty() &&
         !hear(player_door, kPatience).empty();
}

int JudgePair::player_exit_code() {
  if (!send_byte(player_door, '?')) return -1;
  const std::string said = hear(player_door, kPatience);
  if (said.empty()) return -1;
  const int code = std::atoi(said.c_str());
  return code < 0 ? 128 - code : code;
}

JudgePair WarmPool::take(std::string_view program) {
  if (std::optional<JudgePair> kept = take_kept(program); kept && !ended(kept->judge) && !ended(kept->player))
    return std::move(*kept);
  JudgePair pair = take_fresh();
  for (int i = 0; i < kReplacements && (ended(pair.judge) || ended(pair.player)); ++i) pair = take_fresh();
  return pair;
}

void WarmPool::keep(std::string_view program, JudgePair pair) {
  std::optional<Kept> oldest;  // ends outside the lock
  std::lock_guard lock(mutex_);
  kept_.push_back({std::string(program), std::move(pair)});
  if (kept_.size() <= size_) return;
  oldest = std::move(kept_.front());
  kept_.pop_front();
}

std::optional<JudgePair> WarmPool::take_kept(std::string_view program) {
  std::lock_guard lock(mutex_);
  auto at = std::ranges::find(kept_, program, &Kept::program);
  if (at == kept_.end()) return std::nullopt;
  JudgePair pair = std::move(at->pair);
  kept_.erase(at);
  return pair;
}

JudgePair WarmPool::take_fresh() {
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
  FdPair judge_door = make_socket_pair(), player_door = make_socket_pair();
  SandboxJob job;
  job.limits = limits_;
  JudgePair pair;
  job.argv = {sandbox_.options().python, "-s", "-c", judge_script()};
  pair.judge = sandbox_.start(job, {.extra = judge_door.second.get()});
  job.argv.back() = player_script();
  pair.player = sandbox_.start(job, {.extra = player_door.second.get()});
  pair.judge_door = std::move(judge_door.first);
  pair.player_door = std::move(player_door.first);
  return pair;
}

}  // namespace reckon
