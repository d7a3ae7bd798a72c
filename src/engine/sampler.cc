#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace reckon {
namespace {
bool better(const Candidate& a, const Candidate& b) {
  return a.first != b.first ? a.first > b.first : a.second < b.second;
}

// min-p keeps p >= min_p * p_max, which for tempered logits is a threshold on the logit.
float min_p_threshold(const Sampling& how, float maximum) {
  if (how.min_p <= 0) return -std::numeric_limits<float>::infinity();
  return maximum + static_cast<float>(how.temperature * std::log(how.min_p));
}
}  // namespace

Draw Sampler::draw(std::span<const float> row, const Sampling& how, const DrawState& state) {
  RowStats stats = scan_row(row, block_maxima_);
  Draw draw{.entropy = stats.entropy};
  if (how.top_logprobs > 0) {
    largest(row, static_cast<size_t>(how.top_logprobs));
    for (const Candidate& c : candidates_) draw.top.emplace_back(c.second, c.first - stats.log_normaliser);
  }
  std::span<const float> logits = row;
  bool penalised = how.presence_penalty != 0 || how.frequency_penalty != 0;
  if (!how.logit_bias.empty() || (how.repetition_penalty != 1.0 && !state.past.empty()) ||
      (penalised && !state.piece.empty())) {
    adjust(row, how, state);
    logits = adjusted_;
  }
  size_t count = truncate(logits, how);
  draw.token = pick(count, static_cast<float>(how.temperature), state.uniform);
  if (state.constraint && !state.constraint->allows(draw.token)) draw.token = draw_again(logits, how, state, count);
  if (draw.token >= 0) draw.logprob = row[static_cast<size_t>(draw.token)] - stats.log_normaliser;
  return draw;
}

// From what is left of the candidates; the whole vocabulary is checked only where nothing is: 20 to 40 ms for 150,000
// tokens.
int Sampler::draw_again(std::span<const float> row, const Sampling& how, const DrawState& state, size_t count) {
  constexpr size_t kGreedyCandidates = 64;
  if (how.temperature <= 0) {
    largest(row, kGreedyCandidates);
    count = candidates_.size();
  }
  candidates_.resize(count);
  state.constraint->keep_allowed(candidates_);
  count = candidates_.size();
  if (count == 0) {
    for (size_t i = 0; i < row.size(); ++i) candidates_.emplace_back(row[i], static_cast<int>(i));
    state.constraint->keep_allowed(candidates_);
    if (candidates_.empty()) return -1;
    std::sort(candidates_.begin(), candidates_.end(), better);
    count = truncate_list(how);
  }
  return pick(count, static_cast<float>(how.temperature), state.again);
}

size_t Sampler::truncate(std::span<const float> row, const Sampling& how) {
  if (how.temperature <= 0) {
    largest(row, 1);
    return 1;
  }
  if (how.top_k > 0) {
    largest(row, static_cast<size_t>(how.top_k));
    return truncate_list(how);
  }
  float temperature = static_cast<float>(how.temperature);
  float maximum = *std::max_element(block_maxima_.begin(), block_maxima_.end());
  float threshold = min_p_threshold(how, maximum);
  if (how.top_p >= 1) {
    at_least(row, threshold);
    return candidates_.size();
  }
  size_t count = nucleus(row, how.top_p, temperature, maximum);
  while (count > 1 && candidates_[count - 1].first < threshold) --count;
  return count;
}

size_t Sampler::truncate_list(const Sampling& how) {
  if (how.temperature <= 0) return 1;
  float temperature = static_cast<float>(how.temperature), maximum = candidates_.front().first;
  size_t count = candidates_.size();
  if (how.top_k > 0) count = std::min(count, static_cast<size_t>(how.top_k));
  if (how.top_p < 1) {
    double kept = 0, mass = 0;
    size_t most = std::exchange(count, 0);
    for (size_t i = 0; i < most; ++i) mass += std::exp((candidates_[i].first - maximum) / temperature);
    while (count < most && kept < how.top_p * mass)
      kept += std::exp((candidates_[count++].first - maximum) / temperature);
  }
  float threshold = min_p_threshold(how, maximum);
  while (count > 1 && candidates_[count - 1].first < threshold) --count;
  return std::max<size_t>(count, 1);
}

// Bias first. Repetition penalty: Keskar et al. (2019): positive logits are divided, negative ones multiplied. Presence
// and frequency as OpenAI defines them.
void Sampler::adjust(std::span<const float> row, const Sampling& how, const DrawState& state) {
  adjusted_.assign(row.begin(), row.end());
  auto logit_of = [&](int token) -> float* {
    return token >= 0 && static_cast<size_t>(token) < row.size() ? &adjusted_[static_cast<size_t>(token)] : nullptr;
  };
  for (const auto& [token, bias] : how.logit_bias)
    if (float* logit = logit_of(token)) *logit += static_cast<float>(bias);

  float factor = static_cast<float>(how.repetition_penalty);
  std::span<const int> window = state.past.last(std::min(state.past.size(), kPenaltyWindow));
  for (int token : std::set<int>(window.begin(), window.end()))
    if (float* logit = logit_of(token); logit && factor != 1.0f)
      *logit = *logit > 0 ? *logit / factor : *logit * factor;

  std::map<int, int> times;
  for (int token : state.piece) ++times[token];
  for (const auto& [token, count] : times)
    if (float* logit = logit_of(token))
      *logit -= static_cast<float>(how.presence_penalty + how.frequency_penalty * count);

  for (size_t b = 0; b < block_maxima_.size(); ++b) {
    auto begin = adjusted_.begin() + static_cast<std::ptrdiff_t>(b * kRowBlock);
    auto end = b + 1 < block_maxima_.size() ? begin + kRowBlock : adjusted_.end();
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
  if (temperature <= 0) return candidates_.front().second;
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
