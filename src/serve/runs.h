#pragma once
#include <functional>
#include <string>
#include <vector>

#include "serve/ask.h"
#include "serve/books.h"
#include "serve/gate.h"
#include "serve/metrics.h"
#include "strategy/run.h"

namespace reckon {

// One answer: the text as it was generated, and taken apart.
struct Choice {
  std::string text;
  Finish finish = Finish::stop;
  std::vector<DrawnToken> drawn = {};     // where logprobs were asked for
  std::string stop = {};                  // the caller's stop string that ended it
  std::string reasoning = {};             // the thinking block, without its tags
  std::string content = {};               // the rest, without calls
  std::vector<ToolCall> tool_calls = {};  // all with an id
};

// An answered request. The receipt's usage counts the tokens of all choices as selected.
struct Done {
  std::vector<Choice> choices;  // n of them, or fewer and a warning; of a vote the winner first
  Run run;
  int prompt_tokens = 0;
  std::vector<std::string> said;  // by each choice, as far as it came; with a vote: by the lead sample alone
  std::vector<std::string> warnings;
  bool lead_won() const { return choices.front().text == said.front(); }
};

// What a client may be shown while its request runs. Loop thread.
struct Watcher {
  // It is running now, by this strategy; errors after this cannot change the status.
  std::function<void(const std::string& strategy)> admitted;
  std::function<void(size_t choice, std::string_view piece)> text;  // with a vote: of the lead sample
  std::function<void(const Progress::Event&)> event;
  std::function<bool()> gone;  // its client has left, and nobody was told yet
};

// Who asks.
struct Caller {
  std::string id;  // of the request
  KeyRules key{};  // without a name: nobody
};

// How long things take here, as the last requests did. `step` is what a decode step costs by the model's curve with the
// branches that were, or will be, live; 1 where there is no curve.
struct Pace {
  double run = 0;      // seconds of a request once it runs
  double factor = 0;   // seconds of one more token of a sample, over those of a step
  double length = 0;   // tokens of a sample
  double longest = 0;  // tokens of the longest one of late
  void observe(double seconds, int64_t tokens, double step);
  // Seconds of one sample of at most `most` tokens; 0 as long as nothing is known.
  double sample(int64_t most, double step) const;
  // Tokens to keep room for where a sample may have `most`: what the longest of late would need, and a quarter more.
  int64_t room(int64_t most) const;
};

// Runs requests on one model: a bounded number at once, the rest in a bounded queue. Dropping a run stops its branches;
// the books keep account of what they had computed. Loop thread.
class Runs {
 public:
  Runs(Loop& loop, Model& model, const ServeLimits& limits, Books& books, Runner runner = reckon::run);

  Task<std::unique_ptr<Done>> run(AskPtr ask, Caller caller, Watcher watcher);
  // The calibrated strategy, what the model says about the form of the answer (its grammar, its stop strings), and the
  // length of the prompt. Throws where it cannot be had.
  void prepare(Ask& ask) const;
  int count_tokens(const Ask& ask) const;  // of its prompt; throws Refusal when it does not fit the context

  const Model& model() const { return model_; }
  bool leave(const std::string& id) { return gate_.leave(id); }  // a request that still waits
  int active() const { return gate_.active(); }
  int waiting() const { return gate_.waiting(); }
  int64_t rejected() const { return gate_.rejected(); }  // because the queue was full

 private:
  using PassPtr = std::shared_ptr<Gate::Pass>;  // owner: the run; within() hands it over as a copy
  static Task<PassPtr> enter(Gate& gate, Entrant entrant);
  // A request that was let in; it lives in run()'s frame.
  struct Admitted {
    const Ask& ask;
    const Caller& caller;
    const Watcher& watcher;
    Books::Page& page;
    Loop::Time start;  // when it began to wait
  };
  Task<std::unique_ptr<Done>> compute(Admitted request, PassPtr pass);
  Task<PassPtr> admit(Ask& ask, Entrant entrant);
  std::string strategy_now(const Ask& ask, std::vector<std::string>& warnings);
  void measure(const Ask& ask, const Done& done, Metrics::Ran ran, double step);
  double step(int64_t branches) const;
  [[noreturn]] void too_late(const Ask& ask, double needed) const;

  Loop& loop_;
  Model& model_;
  const ServeLimits& limits_;
  Books& books_;
  Metrics& metrics_;
  const Runner runner_;
  Gate gate_;
  Pace pace_;
  uint64_t next_seed_;
};

}  // namespace reckon
