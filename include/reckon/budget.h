#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <reckon/loop.h>
#include <reckon/task.h>

namespace reckon {

// Hard ceilings of one run; absent means none. `tokens` counts every token computed: prompt and generated, kept or
// discarded, of samples, verifiers and probes; tokens taken from a cache are not computed and not counted.
struct Budget {
  std::optional<int64_t> tokens;
  std::optional<int64_t> thinking_tokens;  // per sample
  std::optional<int64_t> samples;
  std::optional<double> seconds;
  std::optional<double> flops;
};
// "tokens=2000,seconds=30"; throws Error{invalid_request} that names the bad part.
Budget parse_budget(std::string_view text);
std::string to_string(const Budget& budget);

// What a branch is for: its tokens are charged under this name.
enum class Role { sample, verifier, probe };

// What was computed, in tokens, and what it took. `selected` is the sample that became the answer; `discarded` all the
// other samples, also those cancelled half-way.
struct Usage {
  int64_t prompt = 0;
  int64_t cached = 0;  // prompt tokens shared with another branch or found in a cache: not computed
  int64_t selected = 0;
  int64_t discarded = 0;
  int64_t verifier = 0;
  int64_t probe = 0;
  double flops = 0;  // by Shape in model.h; 0 where it is unknown
  int64_t computed() const { return prompt + selected + discarded + verifier + probe; }
  Usage& operator+=(const Usage& other);
};

// Why an account lets nothing more be computed.
enum class Halt { none, tokens, samples, seconds, flops, cancelled };
std::string_view name(Halt halt);

// The running account of one run. Models charge it for every token before they compute it, from any thread, so a
// ceiling is never passed by one token and a cancelled branch is charged to the last token computed. Shared by the run
// and by the model's branches until they are closed.
class Account {
 public:
  using Now = std::function<Loop::Time()>;
  explicit Account(Budget budget = {}, Now now = &Loop::Clock::now);
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  struct Work {
    int64_t prompt = 0;
    int64_t generated = 0;
    double flops = 0;
  };

  // For models. A line is one branch. `reserve` before computing: false when a ceiling would be passed, and then
  // nothing is reserved. `settle` after: of what was reserved, `done` was computed and is charged; the rest is free
  // again.
  int open(Role role);
  bool reserve(int line, const Work& work);
  void settle(int line, const Work& reserved, const Work& done);
  bool charge(int line, const Work& work);  // reserve and settle at once
  void cached(int line, int64_t tokens);
  void close(int line);  // loop thread; no charge may follow

  // For strategies.
  bool reserve_sample();        // one more sample may start
  void select(int line);        // this sample became the answer; the last call counts
  void halt(Halt why);          // let nothing more be computed
  Halt halted() const;          // a ceiling was hit, or time is up
  bool out_of_time() const;     // cancelled, or its seconds are over: begin nothing more, also where no token is needed
  int64_t tokens_left() const;  // int64 max when there is no ceiling
  const Budget& budget() const { return budget_; }
  void note(std::string text);  // a fallback or event that the receipt should show; the same text once

  // When all lines are closed nothing more can be charged and the usage is final. Loop thread.
  Task<void> settled();
  Usage usage() const;
  int samples() const;  // started
  int lines_open() const;
  int64_t generated(int line) const;
  std::vector<std::string> notes() const;

 private:
  struct Line {
    Role role = Role::sample;
    bool closed = false;
    int64_t prompt = 0, cached = 0, generated = 0;
  };
  Halt over(const Work& work) const;  // the ceiling that this would pass
  bool past_deadline() const;

  const Budget budget_;
  const Now now_;
  const Loop::Time start_;
  mutable std::mutex mutex_;  // guards everything below
  std::vector<Line> lines_;
  Work charged_;
  Work reserved_;
  int64_t samples_ = 0;
  int open_ = 0;
  int selected_ = -1;
  Halt halted_ = Halt::none;
  std::vector<std::string> notes_;
  std::vector<Arrival<bool>> waiting_;
};

}  // namespace reckon
