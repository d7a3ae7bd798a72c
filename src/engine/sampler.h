#pragma once
#include <span>
#include <utility>
#include <vector>

#include <reckon/model.h>

#include "engine/row.h"

namespace reckon {

// One drawn token, and what the model itself thought of it: log-probability and entropy of the raw distribution, before
// penalty, temperature and truncation; nats.
struct Draw {
  int token = 0;
  double logprob = 0;
  double entropy = 0;
};

// How far back the repetition penalty looks, in tokens.
inline constexpr size_t kPenaltyWindow = 64;

// Draws from rows of raw logits. Pure: the same row, settings, past and `uniform` in [0, 1) give the same token. It
// holds scratch memory only; one per thread.
class Sampler {
 public:
  Draw draw(std::span<const float> row, const Sampling& how, std::span<const int> past, double uniform);

 private:
  using Candidate = std::pair<float, int>;  // logit, token
  void penalise(std::span<const float> row, double penalty, std::span<const int> past);
  void largest(std::span<const float> row, size_t count);      // fills candidates_, best first
  void at_least(std::span<const float> row, float threshold);  // the same, by logit
  size_t nucleus(std::span<const float> row, double top_p, float temperature, float maximum);
  int pick(size_t count, float temperature, double uniform) const;

  std::vector<float> block_maxima_;
  std::vector<float> penalised_;
  std::vector<Candidate> candidates_;
};

}  // namespace reckon
