#include "engine/row.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace reckon {
namespace {

constexpr int kLanes = 16;

// exp(x) for x <= 0, to about 2e-7 relative: 2^n times a polynomial in the rest (Cody and Waite reduction, Cephes
// coefficients). Straight-line, so that a loop over it becomes vector code.
[[gnu::always_inline]] inline float fast_exp(float x) {
  x = x < -87.0f ? -87.0f : x;
  float n = x * 1.44269504f - 0.5f;
  int32_t whole = static_cast<int32_t>(n);  // rounds towards zero: to nearest, as x <= 0
  float r = static_cast<float>(whole);
  float f = x - r * 0.693359375f + r * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * f + 1.3981999507e-3f;
  p = p * f + 8.3334519073e-3f;
  p = p * f + 4.1665795894e-2f;
  p = p * f + 1.6666665459e-1f;
  p = p * f + 5.0000001201e-1f;
  p = p * f * f + f + 1.0f;
  return p * std::bit_cast<float>((whole + 127) << 23);
}

[[gnu::always_inline]] inline float block_maximum(const float* x, size_t n) {
  float lane[kLanes];
  std::fill_n(lane, kLanes, -std::numeric_limits<float>::infinity());
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (size_t j = 0; j < kLanes; ++j) lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
  for (; i < n; ++i) lane[0] = x[i] > lane[0] ? x[i] : lane[0];
  return *std::max_element(lane, lane + kLanes);
}

struct Sums {
  double mass = 0;  // sum of e^(x - m)
  double work = 0;  // sum of e^(x - m) (x - m)
};

// Floats inside a block of 4,096, doubles across blocks: fast and exact enough for any vocabulary.
[[gnu::always_inline]] inline Sums sum_row(std::span<const float> row, float maximum, float scale) {
  Sums total;
  constexpr size_t kBlock = 4096;
  for (size_t begin = 0; begin < row.size(); begin += kBlock) {
    const float* x = row.data() + begin;
    size_t n = std::min(kBlock, row.size() - begin);
    float mass[kLanes] = {}, work[kLanes] = {};
    size_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
      for (size_t j = 0; j < kLanes; ++j) {
        float d = (x[i + j] - maximum) * scale;
        d = d > -87.0f ? d : -87.0f;  // also for NaN
        float e = fast_exp(d);
        mass[j] += e;
        work[j] += e * d;
      }
    for (; i < n; ++i) {
      float d = (x[i] - maximum) * scale;
      d = d > -87.0f ? d : -87.0f;
      float e = fast_exp(d);
      mass[0] += e;
      work[0] += e * d;
    }
    for (int j = 0; j < kLanes; ++j) total.mass += mass[j], total.work += work[j];
  }
  return total;
}

// The same code compiled for wider vectors, chosen at run time.
#if defined(__x86_64__)
#define RECKON_WIDE [[gnu::target("avx2,fma")]]
RECKON_WIDE Sums sum_wide(std::span<const float> row, float maximum, float scale) {
  return sum_row(row, maximum, scale);
}
RECKON_WIDE float maximum_wide(const float* x, size_t n) { return block_maximum(x, n); }
bool wide() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}
Sums sums(std::span<const float> row, float maximum, float scale) {
  return wide() ? sum_wide(row, maximum, scale) : sum_row(row, maximum, scale);
}
float maximum_of(const float* x, size_t n) { return wide() ? maximum_wide(x, n) : block_maximum(x, n); }
#else
Sums sums(std::span<const float> row, float maximum, float scale) { return sum_row(row, maximum, scale); }
float maximum_of(const float* x, size_t n) { return block_maximum(x, n); }
#endif

}  // namespace

RowStats scan_row(std::span<const float> row, std::vector<float>& block_maxima) {
  block_maxima.resize((row.size() + kRowBlock - 1) / kRowBlock);
  for (size_t b = 0; b < block_maxima.size(); ++b) {
    size_t begin = b * kRowBlock;
    block_maxima[b] = maximum_of(row.data() + begin, std::min<size_t>(kRowBlock, row.size() - begin));
  }
  RowStats stats;
  stats.maximum = maximum_of(block_maxima.data(), block_maxima.size());
  Sums s = sums(row, stats.maximum, 1.0f);
  double log_mass = std::log(s.mass);
  stats.log_normaliser = stats.maximum + log_mass;
  stats.entropy = std::max(0.0, log_mass - s.work / s.mass);
  return stats;
}

double tempered_log_sum(std::span<const float> row, float maximum, float temperature) {
  return std::log(sums(row, maximum, 1.0f / temperature).mass);
}

}  // namespace reckon
