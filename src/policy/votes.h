#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <reckon/policy.h>

namespace reckon {

// The vote on answers that are numbered 0, 1, 2...; replay uses it as it is, live runs through Votes. Every update is
// O(1); missing answers count as draws and never vote.
class Tally {
 public:
  // Above 0, vote() weighs every answer with (max(tokens, 16) / 10,000)^-alpha instead of counting. It helped on one
  // benchmark and hurt on others: opt-in.
  explicit Tally(double alpha = 0) : alpha_(alpha) {}

  // `logprob`: mean log-probability of the answer's tokens, nats; none where the model does not tell.
  void add(int id, double tokens, std::optional<double> logprob = std::nullopt);
  void add_missing(double tokens);
  void charge(double tokens) { state_.spent += tokens; }  // a cancelled branch: paid, not a draw
  void set_mean_draw(double tokens) { state_.mean_draw = tokens; }
  void clear();

  const VoteState& state() const { return state_; }
  // The most frequent answer; -1 if none. Ties go to the one that the model was surer of, where every draw told it
  // (docs/policy.md), else to the one with the shorter samples, then to the one first seen.
  int vote() const;
  // The answer that first reached the largest count: plain majority voting.
  int incumbent() const { return leader_; }
  int count(int id) const { return static_cast<size_t>(id) < entries_.size() ? entries_[id].count : 0; }

 private:
  struct Entry {
    int count = 0;
    int first = -1;           // the draw that brought it
    double sureness = 0;      // sum of e^logprob, the tie-break where it is known
    double short_weight = 0;  // sum of (max(tokens, 16) / 10,000)^-0.5, the tie-break elsewhere
    double weight = 0;        // the same with alpha
  };
  double alpha_;
  VoteState state_;
  int leader_ = -1, last_ = -1;
  bool sure_ = true;  // every answer so far told its logprob
  std::vector<Entry> entries_;
};

// The vote on canonical answers, for live runs and the server.
class Votes {
 public:
  explicit Votes(double alpha = 0) : tally_(alpha) {}

  // As Tally::add; "" counts as missing.
  void add(std::string_view canonical, double tokens, std::optional<double> logprob = std::nullopt);
  void add_missing(double tokens) { tally_.add_missing(tokens); }
  void charge(double tokens) { tally_.charge(tokens); }
  void set_mean_draw(double tokens) { tally_.set_mean_draw(tokens); }

  const VoteState& state() const { return tally_.state(); }
  std::optional<std::string> vote() const;  // none if no draw gave an answer; never an invented one
  int count(const std::string& canonical) const;
  std::vector<std::pair<std::string, int>> counts() const;  // in order of first appearance

 private:
  Tally tally_;
  std::vector<std::string> answers_;
  std::unordered_map<std::string, int> ids_;
};

}  // namespace reckon
