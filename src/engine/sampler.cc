#include "engine/sampler.h"

#include <algorithm>
#include <cmath>

namespace reckon {
namespace {
bool better(const std::pair<float, int>& a, const std::pair<float, int>& b) {
  return a.first != b.first ? a.first > b.first : a.second < b.second;
}
}  // namespace

Draw Sampler::draw(std::span<const float> row, const Sampling& how, std::span<const int> past, double uniform) {
  RowStats stats = scan_row(row, block_maxima_);
  std::span<const float> logits = row;
  float maximum = stats.maximum;
  if (how.repetition_penalty != 1.0 && !past.empty()) {
    penalise(row, how.repetition_penalty, past);
    logits = penalised_;
    maximum = *std::max_element(block_maxima_.begin(), block_maxima_.end());
  }

  int token = 0;
  if (how.temperature <= 0) {
    largest(logits, 1);
    token = candidates_.front().second;
  } else {
    float temperature = static_cast<float>(how.temperature);
    // min-p keeps p >= min_p * p_max, which for tempered logits is a threshold on the logit.
    float threshold = how.min_p > 0 ? maximum + temperature * static_cast<float>(std::log(how.min_p))
                                    : -std::numeric_limits<float>::infinity();
    size_t count = 0;
    if (how.top_k > 0) {
      largest(logits, static_cast<size_t>(how.top_k));
      count = candidates_.size();
      if (how.top_p < 1) {
        double kept = 0, mass = 0;
        for (const Candidate& c : candidates_) mass += std::exp((c.first - maximum) / temperature);
        for (count = 0; count < candidates_.size() && kept < how.top_p * mass; ++count)
          kept += std::exp((candidates_[count].first - maximum) / temperature);
      }
    } else if (how.top_p < 1) {
      count = nucleus(logits, how.top_p, temperature, maximum);
    } else {
      at_least(logits, threshold);
      count = candidates_.size();
    }
    while (count > 1 && candidates_[count - 1].first < threshold) --count;
    token = pick(std::max<size_t>(count, 1), temperature, uniform);
  }
  return {token, row[static_cast<size_t>(token)] - stats.log_normaliser, stats.entropy};
}

// Keskar et al. (2019): positive logits are divided, negative ones multiplied.
void Sampler::penalise(std::span<const float> row, double penalty, std::span<const int> past) {
  penalised_.assign(row.begin(), row.end());
  float factor = static_cast<float>(penalty);
  std::span<const int> window = past.last(std::min(past.size(), kPenaltyWindow));
  std::vector<int> tokens(window.begin(), window.end());
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  for (int token : tokens) {
    if (token < 0 || static_cast<size_t>(token) >= row.size()) continue;
    float& logit = penalised_[static_cast<size_t>(token)];
    logit = logit > 0 ? logit / factor : logit * factor;
  }
  for (size_t b = 0; b < block_maxima_.size(); ++b) {
    auto begin = penalised_.begin() + static_cast<std::ptrdiff_t>(b * kRowBlock);
    auto end = b + 1 < block_maxima_.size() ? begin + kRowBlock : penalised_.end();
    block_maxima_[b] = *std::max_element(begin, end);
  }
}

void Sampler::largest(std::span<const float> row, size_t count) {
  count = std::min(count, row.size());
  candidates_.clear();
  float floor = -std::numeric_limits<float>::infinity();
  size_t full = 2 * count + kRowBlock;
  for (size_t b = 0; b < block_maxima_.size(); ++b) {
    if (block_maxima_[b] < floor) continue;
    size_t end = std::min(row.size(), (b + 1) * kRowBlock);
    for (size_t i = b * kRowBlock; i < end; ++i)
      if (row[i] >= floor) candidates_.emplace_back(row[i], static_cast<int>(i));
    if (candidates_.size() >= full) {
      std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(count) - 1,
                       candidates_.end(), better);
      candidates_.resize(count);
      floor = candidates_.back().first;
    }
  }
  if (candidates_.empty()) candidates_.emplace_back(row[0], 0);  // every logit was NaN
  std::sort(candidates_.begin(), candidates_.end(), better);
  if (candidates_.size() > count) candidates_.resize(count);
}

void Sampler::at_least(std::span<const float> row, float threshold) {
  candidates_.clear();
  for (size_t b = 0; b < block_maxima_.size(); ++b) {
    if (block_maxima_[b] < threshold) continue;
    size_t end = std::min(row.size(), (b + 1) * kRowBlock);
    for (size_t i = b * kRowBlock; i < end; ++i)
      if (row[i] >= threshold) candidates_.emplace_back(row[i], static_cast<int>(i));
  }
  if (candidates_.empty()) largest(row, 1);
}

// The smallest set whose tempered mass reaches top_p: the largest logits, more and more of them until they do.
size_t Sampler::nucleus(std::span<const float> row, double top_p, float temperature, float maximum) {
  double mass = std::exp(tempered_log_sum(row, maximum, temperature));
  for (size_t guess = 256;; guess *= 8) {
    largest(row, guess);
    double kept = 0;
    for (size_t count = 0; count < candidates_.size(); ++count) {
      kept += std::exp((candidates_[count].first - maximum) / temperature);
      if (kept >= top_p * mass) return count + 1;
    }
    if (guess >= row.size()) return candidates_.size();
  }
}

int Sampler::pick(size_t count, float temperature, double uniform) const {
  float maximum = candidates_.front().first;
  for (size_t i = 1; i < count; ++i) maximum = std::max(maximum, candidates_[i].first);
  double mass = 0;
  for (size_t i = 0; i < count; ++i) mass += std::exp((candidates_[i].first - maximum) / temperature);
  double left = uniform * mass;
  for (size_t i = 0; i < count; ++i) {
    left -= std::exp((candidates_[i].first - maximum) / temperature);
    if (left < 0) return candidates_[i].second;
  }
  return candidates_[count - 1].second;
}

}  // namespace reckon
