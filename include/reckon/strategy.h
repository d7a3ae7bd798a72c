#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <reckon/budget.h>
#include <reckon/model.h>
#include <reckon/question.h>
#include <reckon/task.h>
#include <reckon/verifier.h>

namespace reckon {

// What a person or client may be shown while a run goes on. Called on the loop thread.
struct Progress {
  struct Event {
    int finished = 0, live = 0, cap = 0;
    std::string leader;  // canonical answer that leads; empty: none yet
    int votes = 0;       // of the leader
  };
  std::function<void(const Event&)> event;
  // Where the text of a sample goes as it grows: sample 0 is the lead; an empty sink where nobody watches.
  std::function<TextSink(int number)> text;
};

// Everything one run may use. Outlives every task of the run.
struct Context {
  Model& model;
  const Verifier& verifier;  // also outlives the loop: a check that nobody waits for any more runs to its end there
  std::shared_ptr<Account> account;
  uint64_t seed = 0;
  Sampling sampling;  // seed is set per branch
  Until until;        // limits of one sample
  Progress progress;
};

// What a run leads to. `answer` is empty when nothing was answered: never invented.
struct Outcome {
  std::optional<Answer> answer;
  std::string text;             // of the sample that became the answer
  double confidence = 0;        // stability of the vote, 0 where the strategy has no vote
  double difficulty = 0.5;      // probability that one more draw would not give the answer; strategy/difficulty.h
  int votes = 0;                // of the answer
  std::string stop_reason;      // decided, accepted, cap, abstain, no_answer, budget:tokens, deadline, cancelled
  std::vector<Sample> samples;  // ended and counted, in finishing order
};

// Turns a question into an outcome by asking the model for branches. One const instance serves every run.
class Strategy {
 public:
  virtual ~Strategy() = default;
  virtual Task<Outcome> solve(const Question& question, Context& context) const = 0;
  virtual std::string text() const = 0;  // name and options, as it can be typed again
};

}  // namespace reckon
