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

struct Choice {
  std::string text;
  Finish finish = Finish::stop;
};

// An answered request. The receipt's usage counts the tokens of all choices as selected.
struct Done {
  std::vector<Choice> choices;  // n of them; one where there was a vote
  Run run;
  int prompt_tokens = 0;
  std::string lead;  // what the lead sample said, as far as it came
  std::vector<std::string> warnings;
  bool lead_won() const { return choices.front().text == lead; }
};

// What a client may be shown while its request runs. Loop thread.
struct Watcher {
  std::function<void()> admitted;  // it is running now; errors after this cannot change the status
  TextSink lead;
  std::function<void(const Progress::Event&)> event;
};

// Who asks.
struct Caller {
  std::string id;   // of the request
  std::string key;  // its name; empty: none
};

// Runs requests on one model: a bounded number at once, the rest in a bounded queue. Dropping a run stops its branches;
// the books keep account of what they had computed.
class Runs {
 public:
  Runs(Loop& loop, Model& model, const ServeLimits& limits, Books& books, Runner runner = reckon::run);

  Task<Done> run(Ask ask, Caller caller, Watcher watcher);
  int count_tokens(const Ask& ask) const;  // of its prompt; throws Refusal when it does not fit the context

  const Model& model() const { return model_; }
  void publish() { metrics_.active = gate_.active(), metrics_.queued = gate_.waiting(); }

 private:
  Loop& loop_;
  Model& model_;
  const ServeLimits& limits_;
  Books& books_;
  Metrics& metrics_;
  const Runner runner_;
  Gate gate_;
  uint64_t next_seed_;
};

}  // namespace reckon
