#include "engine/evidence.h"

#include <algorithm>

namespace reckon {

void Evidence::add(int token, double logprob, double entropy) {
  summary_.sum += logprob;
  summary_.minimum = summary_.tokens == 0 ? logprob : std::min(summary_.minimum, logprob);
  summary_.entropy += entropy;
  ++summary_.tokens;

  // The 64 tokens before this window began, not before this token.
  auto end = tokens_.end() - count_;
  auto begin = end - std::min<std::ptrdiff_t>(kWindow, end - tokens_.begin());
  if (std::find(begin, end, token) != end) ++repeated_;
  tokens_.push_back(token);
  confidence_ += logprob;
  minimum_ = count_ == 0 ? logprob : std::min(minimum_, logprob);
  entropy_ += entropy;
  if (++count_ < kWindow) return;
  windows_.push_back(window_so_far());
  confidence_ = minimum_ = entropy_ = 0;
  repeated_ = count_ = 0;
}

TraceWindow Evidence::window_so_far() const {
  return {.tokens = count_,
          .mean_confidence = static_cast<float>(confidence_ / count_),
          .min_confidence = static_cast<float>(minimum_),
          .mean_entropy = static_cast<float>(entropy_ / count_),
          .repetition = static_cast<float>(repeated_) / static_cast<float>(count_)};
}

std::vector<TraceWindow> Evidence::trace() const {
  std::vector<TraceWindow> all = windows_;
  if (count_ > 0) all.push_back(window_so_far());
  return all;
}

}  // namespace reckon
