#pragma once
#include <span>
#include <vector>

namespace reckon {

// What one pass over a row of raw logits tells: the exact log of the normaliser and the entropy (nats) of the model's
// own, untempered distribution, and the maximum of every block, so that the largest logits are found without another
// full pass.
struct RowStats {
  float maximum = 0;
  double log_normaliser = 0;
  double entropy = 0;
};

inline constexpr int kRowBlock = 64;

// `block_maxima` is resized to one entry for every kRowBlock logits. NaN counts as the lowest logit.
RowStats scan_row(std::span<const float> row, std::vector<float>& block_maxima);

// log of the sum of exp(logit / temperature - maximum / temperature).
double tempered_log_sum(std::span<const float> row, float maximum, float temperature);

}  // namespace reckon
