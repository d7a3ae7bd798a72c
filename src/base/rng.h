#pragma once
#include <cstdint>

namespace reckon {

// Counter-based randomness: draw number i of stream s is a pure function of (s, i), so a branch can be parked, resumed
// or replayed without carrying generator state. The mixer is SplitMix64's finaliser (Steele, Lea and Flood, 2014).
inline uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}
inline uint64_t mix(uint64_t a, uint64_t b) { return mix(mix(a) ^ (b + 0x632be59bd9b4e019ULL)); }

class Rng {
 public:
  explicit Rng(uint64_t stream, uint64_t counter = 0) : stream_(stream), counter_(counter) {}
  uint64_t bits() { return mix(stream_, counter_++); }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }  // [0, 1)
  uint64_t below(uint64_t n) {                                                // [0, n), unbiased (Lemire, 2019)
    __uint128_t product = static_cast<__uint128_t>(bits()) * n;
    if (static_cast<uint64_t>(product) < n)
      for (uint64_t floor = (0 - n) % n; static_cast<uint64_t>(product) < floor;)
        product = static_cast<__uint128_t>(bits()) * n;
    return static_cast<uint64_t>(product >> 64);
  }
  uint64_t counter() const { return counter_; }

 private:
  uint64_t stream_, counter_;
};

// The seed of part `index` of something seeded with `seed`.
inline uint64_t derive(uint64_t seed, uint64_t index) { return mix(seed, index); }

}  // namespace reckon
