#pragma once
#include <span>
#include <utility>
#include <vector>

#include <reckon/model.h>

#include "engine/row.h"

namespace reckon {

using Candidate = std::pair<float, int>;  // logit, token

// One drawn token, and what the model itself thought of it: log-probability and entropy of the raw distribution, before
// bias, penalties, temperature and truncation; nats.
struct Draw {
  int token = 0;  // -1: the constraint allows none
  double logprob = 0;
  double entropy = 0;
  std::vector<std::pair<int, double>> top{};  // the most likely tokens with their log-probabilities, where asked for
};

// Which tokens may come next.
class Constraint {
 public:
  virtual ~Constraint() = default;
  virtual bool allows(int token) = 0;
  virtual void keep_allowed(std::vector<Candidate>& candidates) = 0;
};

// What a draw depends on beside the row.
struct DrawState {
  std::span<const int> past{};    // the whole branch, for the repetition penalty
  std::span<const int> piece{};   // what this piece of generation drew, for presence and frequency penalties
  double uniform = 0, again = 0;  // in [0, 1): of the draw, and of the one after a rejection
  Constraint* constraint = nullptr;
};

// How far back the repetition penalty looks, in tokens.
inline constexpr size_t kPenaltyWindow = 64;

// Draws from rows of raw logits. Pure: the same row, settings and state give the same token. It holds scratch memory
// only; one per thread.
class Sampler {
 public:
  Draw draw(std::span<const float> row, const Sampling& how, const DrawState& state);
  Draw draw(std::span<const float> row, const Sampling& how, std::span<const int> past, double uniform) {
    return draw(row, how, {.past = past, .uniform = uniform});
  }

 private:
  void adjust(std::span<const float> row, const Sampling& how, const DrawState& state);
  size_t truncate(std::span<const float> row, const Sampling& how);  // fills candidates_; how many may be drawn
  size_t truncate_list(const Sampling& how);                         // the same of all that candidates_ holds
  int draw_again(std::span<const float> row, const Sampling& how, const DrawState& state, size_t count);
  void largest(std::span<const float> row, size_t count);      // fills candidates_, best first
  void at_least(std::span<const float> row, float threshold);  // the same, by logit
  size_t nucleus(std::span<const float> row, double top_p, float temperature, float maximum);
  int pick(size_t count, float temperature, double uniform) const;

  std::vector<float> block_maxima_;
  std::vector<float> adjusted_;
  std::vector<Candidate> candidates_;
};

}  // namespace reckon
