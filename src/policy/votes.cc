#include "policy/votes.h"

#include <algorithm>
#include <cmath>

namespace reckon {

void Tally::add(int id, double tokens, std::optional<double> logprob) {
  if (static_cast<size_t>(id) >= entries_.size()) entries_.resize(id + 1);
  Entry& entry = entries_[id];
  double scaled = std::max(tokens, 16.0) / 1e4;
  entry.short_weight += 1 / std::sqrt(scaled);
  if (logprob) entry.sureness += std::exp(*logprob);
  else sure_ = false;
  if (alpha_ > 0) entry.weight += std::pow(scaled, -alpha_);
  if (entry.count == 0) entry.first = state_.n, ++state_.distinct;
  int count = ++entry.count;
  if (id == leader_) {
    state_.v1 = count;
  } else if (count > state_.v1) {
    state_.v2 = state_.v1;
    state_.v1 = count;
    leader_ = id;
  } else {
    state_.v2 = std::max(state_.v2, count);
  }
  state_.run = id == last_ ? state_.run + 1 : 1;
  last_ = id;
  ++state_.n;
  state_.spent += tokens;
}

void Tally::add_missing(double tokens) {
  ++state_.n;
  ++state_.missing;
  state_.run = 0;
  last_ = -1;
  state_.spent += tokens;
}

void Tally::clear() {
  state_ = {.mean_draw = state_.mean_draw};
  leader_ = last_ = -1;
  sure_ = true;
  std::fill(entries_.begin(), entries_.end(), Entry{});
}

int Tally::vote() const {
  int best = -1;
  auto beats = [&](const Entry& a, const Entry& b) {
    if (alpha_ > 0) return a.weight != b.weight ? a.weight > b.weight : a.first < b.first;
    if (a.count != b.count) return a.count > b.count;
    if (sure_ && a.sureness != b.sureness) return a.sureness > b.sureness;
    return a.short_weight != b.short_weight ? a.short_weight > b.short_weight : a.first < b.first;
  };
  for (size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].count > 0 && (best < 0 || beats(entries_[i], entries_[best]))) best = static_cast<int>(i);
  return best;
}

void Votes::add(std::string_view canonical, double tokens, std::optional<double> logprob) {
  if (canonical.empty()) return add_missing(tokens);
  auto [at, fresh] = ids_.try_emplace(std::string(canonical), static_cast<int>(answers_.size()));
  if (fresh) answers_.push_back(at->first);
  tally_.add(at->second, tokens, logprob);
}

std::optional<std::string> Votes::vote() const {
  int id = tally_.vote();
  return id < 0 ? std::nullopt : std::optional(answers_[id]);
}

int Votes::count(const std::string& canonical) const {
  auto at = ids_.find(canonical);
  return at == ids_.end() ? 0 : tally_.count(at->second);
}

std::vector<std::pair<std::string, int>> Votes::counts() const {
  std::vector<std::pair<std::string, int>> all;
  for (size_t i = 0; i < answers_.size(); ++i) all.emplace_back(answers_[i], tally_.count(static_cast<int>(i)));
  return all;
}

}  // namespace reckon
