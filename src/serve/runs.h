#pragma once
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "serve/ask.h"
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

// Runs requests on one model: a bounded number at once, the rest in a bounded queue. A dropped task stops its branches;
// what they had computed is still counted.
class Runs {
 public:
  Runs(Loop& loop, Model& model, const ServeLimits& limits, Metrics& metrics, Runner runner = reckon::run);

  Task<Done> run(Ask ask, std::string id, Watcher watcher);
  int count_tokens(const Ask& ask) const;  // of its prompt; throws Refusal when it does not fit the context

  const Model& model() const { return model_; }
  // Ends a running request with what it has; false when there is none of this id.
  bool finish_now(const std::string& id);
  std::string state(const std::string& id) const;  // JSON; empty: unknown
  void publish() { metrics_.active = gate_.active(), metrics_.queued = gate_.waiting(); }
  // Waits until the tokens of all requests that were left are counted.
  Task<void> settled();

 private:
  struct Live;
  struct Job {
    Wakeup ended;
    std::optional<Task<void>> task;
  };
  void leave(std::shared_ptr<Account> account);
  static Task<void> count_after(Runs& runs, std::shared_ptr<Account> account);

  Loop& loop_;
  Model& model_;
  const ServeLimits& limits_;
  Metrics& metrics_;
  const Runner runner_;
  Gate gate_;
  uint64_t next_seed_;
  std::map<std::string, std::shared_ptr<Account>> live_;
  std::deque<std::pair<std::string, std::string>> finished_;  // id and receipt
  std::list<Job> departing_;
};

}  // namespace reckon
