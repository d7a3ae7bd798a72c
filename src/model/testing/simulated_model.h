#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <reckon/model.h>

namespace reckon {

// What a simulated branch will say.
struct Reply {
  std::string text;
  Loop::Clock::duration time{};  // from start to end, evenly over its tokens
  int tokens = 0;                // 0: one for every word
  Finish finish = Finish::stop;
  std::exception_ptr failure{};  // thrown after `time` instead of an end
};

// A model without weights, on any loop's clock: charges, cancels and streams like a real one, token by token. Its words
// are its tokens. Counters let a test compare what was computed with what was charged.
class SimulatedModel : public Model {
 public:
  SimulatedModel();
  const Capabilities& capabilities() const override { return capabilities_; }
  Task<std::unique_ptr<Branch>> open(Prompt prompt, std::shared_ptr<Account> account, Role role) override;
  int count_tokens(const Prompt& prompt) const override;
  // With capabilities_.grammar and .tools set it accepts schemas and tools and trusts its script to follow them. A call
  // is written "<call>NAME ARGUMENTS</call>".
  Form form(const Prompt& prompt) const override;
  Turn read(const Form& form, std::string_view text, bool cut) const override;

  // What a branch with this text and this seed says next.
  virtual Reply reply(const std::string& text, uint64_t seed) = 0;
  // Of this continuation after this text, in nats: by default from a hash of both, in [-10, 0].
  virtual double logprob(const std::string& text, const std::string& continuation);

  Capabilities capabilities_;
  int64_t computed = 0;  // tokens, prompt and generated
  int opened = 0, live = 0, started = 0, finished = 0;
  int cancelled() const { return started - finished; }  // generations dropped before their end
};

// Says what it was told to, in the order in which branches start generating. A script that runs dry is an Error.
class ScriptedModel : public SimulatedModel {
 public:
  void on(const std::string& prompt, std::vector<Reply> replies);
  Reply reply(const std::string& text, uint64_t seed) override;

 private:
  std::map<std::string, std::deque<Reply>> script_;
};

// Deterministic pseudo-reasoning from a hash of prompt and seed: each prompt has a few possible answers, one of them
// more likely than the rest by a margin that is the prompt's difficulty. Ends with "#### <number>".
class HashModel : public SimulatedModel {
 public:
  Reply reply(const std::string& text, uint64_t seed) override;
};

}  // namespace reckon
