#include <reckon/budget.h>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include <reckon/error.h>
#include <reckon/options.h>

namespace reckon {
namespace {
struct Ceilings {  // the typed form of a budget; 0 means no ceiling
  double tokens = 0, thinking_tokens = 0, samples = 0, seconds = 0, flops = 0;
  static constexpr auto fields() {
    return std::tuple{field("tokens", &Ceilings::tokens, 1, 1e15, "Tokens computed, prompt and generated."),
                      field("thinking_tokens", &Ceilings::thinking_tokens, 1, 1e15, "Thinking tokens of each sample."),
                      field("samples", &Ceilings::samples, 1, 1e9, "Samples started."),
                      field("seconds", &Ceilings::seconds, 1e-3, 1e9, "Wall time of the run."),
                      field("flops", &Ceilings::flops, 1, 1e30, "Floating-point operations.")};
  }
};
}  // namespace

Budget parse_budget(std::string_view text) {
  Budget budget;
  if (text.empty()) return budget;
  Ceilings c = parse_options<Ceilings>("budget", parse_spec("budget:" + std::string(text)).values);
  auto whole = [](double value) { return value > 0 ? std::optional(static_cast<int64_t>(value)) : std::nullopt; };
  auto real = [](double value) { return value > 0 ? std::optional(value) : std::nullopt; };
  return {whole(c.tokens), whole(c.thinking_tokens), whole(c.samples), real(c.seconds), real(c.flops)};
}

std::string to_string(const Budget& budget) {
  std::string text;
  auto add = [&](std::string_view key, const auto& value) {
    if (value) text += fmt::format("{}{}={}", text.empty() ? "" : ",", key, *value);
  };
  add("tokens", budget.tokens);
  add("thinking_tokens", budget.thinking_tokens);
  add("samples", budget.samples);
  add("seconds", budget.seconds);
  add("flops", budget.flops);
  return text;
}

Usage& Usage::operator+=(const Usage& other) {
  prompt += other.prompt;
  cached += other.cached;
  selected += other.selected;
  discarded += other.discarded;
  verifier += other.verifier;
  probe += other.probe;
  flops += other.flops;
  return *this;
}

Account::Account(Budget budget, Now now) : budget_(budget), now_(std::move(now)), start_(now_()) {}

int Account::open(Role role) {
  std::lock_guard lock(mutex_);
  lines_.push_back({.role = role});
  ++open_;
  return static_cast<int>(lines_.size()) - 1;
}

Halt Account::over(const Work& work) const {
  int64_t tokens =
      charged_.prompt + charged_.generated + reserved_.prompt + reserved_.generated + work.prompt + work.generated;
  if (budget_.tokens && tokens > *budget_.tokens) return Halt::tokens;
  if (budget_.flops && charged_.flops + reserved_.flops + work.flops > *budget_.flops) return Halt::flops;
  return past_deadline() ? Halt::seconds : Halt::none;
}

bool Account::past_deadline() const {
  return budget_.seconds && std::chrono::duration<double>(now_() - start_).count() >= *budget_.seconds;
}

bool Account::reserve(int line, const Work& work) {
  std::lock_guard lock(mutex_);
  if (halted_ == Halt::cancelled || halted_ == Halt::seconds || lines_.at(static_cast<size_t>(line)).closed)
    return false;
  if (Halt why = over(work); why != Halt::none) {
    halted_ = why;
    return false;
  }
  reserved_.prompt += work.prompt;
  reserved_.generated += work.generated;
  reserved_.flops += work.flops;
  return true;
}

void Account::settle(int line, const Work& reserved, const Work& done) {
  std::lock_guard lock(mutex_);
  reserved_.prompt -= reserved.prompt;
  reserved_.generated -= reserved.generated;
  reserved_.flops -= reserved.flops;
  charged_.prompt += done.prompt;
  charged_.generated += done.generated;
  charged_.flops += done.flops;
  Line& l = lines_.at(static_cast<size_t>(line));
  l.prompt += done.prompt;
  l.generated += done.generated;
}

bool Account::charge(int line, const Work& work) {
  if (!reserve(line, work)) return false;
  settle(line, work, work);
  return true;
}

void Account::cached(int line, int64_t tokens) {
  std::lock_guard lock(mutex_);
  lines_.at(static_cast<size_t>(line)).cached += tokens;
}

void Account::close(int line) {
  std::vector<Arrival<bool>> waiting;
  {
    std::lock_guard lock(mutex_);
    Line& l = lines_.at(static_cast<size_t>(line));
    if (std::exchange(l.closed, true)) return;
    if (--open_ == 0) waiting.swap(waiting_);
  }
  for (const Arrival<bool>& w : waiting) w.deliver(true);
}

bool Account::reserve_sample() {
  std::lock_guard lock(mutex_);
  if (halted_ != Halt::none) return false;
  if (Halt why = over({}); why != Halt::none) {
    halted_ = why;
    return false;
  }
  if (budget_.samples && samples_ >= *budget_.samples) {
    halted_ = Halt::samples;
    return false;
  }
  ++samples_;
  return true;
}

void Account::select(int line) {
  std::lock_guard lock(mutex_);
  selected_ = line;
}

void Account::halt(Halt why) {
  std::lock_guard lock(mutex_);
  halted_ = why;
}

Halt Account::halted() const {
  std::lock_guard lock(mutex_);
  return halted_ != Halt::none ? halted_ : over({});
}

bool Account::out_of_time() const {
  std::lock_guard lock(mutex_);
  return halted_ == Halt::cancelled || halted_ == Halt::seconds || past_deadline();
}

int64_t Account::tokens_left() const {
  std::lock_guard lock(mutex_);
  if (!budget_.tokens) return std::numeric_limits<int64_t>::max();
  return *budget_.tokens - charged_.prompt - charged_.generated - reserved_.prompt - reserved_.generated;
}

void Account::note(std::string text) {
  std::lock_guard lock(mutex_);
  if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) notes_.push_back(std::move(text));
}

Task<void> Account::settled() {
  while (lines_open() > 0) {
    Arrival<bool> all_closed;
    {
      std::lock_guard lock(mutex_);
      waiting_.push_back(all_closed);
    }
    co_await all_closed;
  }
}

Usage Account::usage() const {
  std::lock_guard lock(mutex_);
  Usage usage;
  usage.flops = charged_.flops;
  for (size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    usage.cached += line.cached;
    switch (line.role) {
      case Role::verifier: usage.verifier += line.prompt + line.generated; break;
      case Role::probe: usage.probe += line.prompt + line.generated; break;
      case Role::sample:
        usage.prompt += line.prompt;
        (static_cast<int>(i) == selected_ ? usage.selected : usage.discarded) += line.generated;
    }
  }
  return usage;
}

int Account::samples() const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(samples_);
}
int Account::lines_open() const {
  std::lock_guard lock(mutex_);
  return open_;
}
int64_t Account::generated(int line) const {
  std::lock_guard lock(mutex_);
  return lines_.at(static_cast<size_t>(line)).generated;
}
std::vector<std::string> Account::notes() const {
  std::lock_guard lock(mutex_);
  return notes_;
}

}  // namespace reckon
