#include "eval/replay_run.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rng.h"

namespace reckon {
namespace {

uint64_t hash(std::string_view text) {  // FNV-1a
  uint64_t h = 0xcbf29ce484222325ULL;
  for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h;
}

}  // namespace

void add(Tally& tally, const Pool::Sample& sample) {
  if (sample.answer < 0) tally.add_missing(sample.tokens);
  else tally.add(sample.answer, sample.tokens, sample.answer_logprob);
}

void draw_order(const Pool& pool, const Pool::Question& question, const OrderKey& key, std::span<int> order) {
  Rng rng(derive(derive(key.seed, mix(hash(pool.name), hash(question.id))), static_cast<uint64_t>(key.index)));
  std::iota(order.begin(), order.end(), 0);
  for (int i = 0; i < key.draws; ++i) std::swap(order[i], order[i + rng.below(order.size() - i)]);
}

double decode_flops(const Shape& shape, double prompt, double tokens) {
  // Linear in the context, so every token costs the mean of the first and the last.
  auto before = static_cast<int64_t>(prompt), n = static_cast<int64_t>(std::llround(tokens));
  return static_cast<double>(n) * (shape.decode_flops(before + 1) + shape.decode_flops(before + n)) / 2;
}

Replayer::Replayer(const ReplayOptions& options, const Pool& pool) : options_(options), pool_(pool) {
  if (!options.batch_cost.empty())
    for (int b = 1; b <= options.width; ++b) step_.push_back(step_seconds(options.batch_cost, b));
  double tokens = 0, draws = 0;
  for (const Pool::Question& question : pool.questions)
    for (const Pool::Sample& sample : question.samples) tokens += sample.tokens, ++draws;
  tally_.set_mean_draw(tokens / draws);
}

void Replayer::advance(double to, ReplayRun& run) {
  if (!step_.empty()) run.seconds += (to - run.sequential) * step_[live_.size() - 1];
  run.sequential = to;
}

void Replayer::charge(const Pool::Question& question, double tokens, ReplayRun& run) const {
  run.tokens += tokens;
  if (pool_.shape) run.flops += decode_flops(*pool_.shape, question.prompt_tokens, tokens);
}

ReplayRun Replayer::run(const Pool::Question& question, std::span<const int> order, const Policy& policy) {
  ReplayRun run;
  if (pool_.shape) run.flops = pool_.shape->prefill_flops(static_cast<int64_t>(question.prompt_tokens), 0);
  int cap = std::min(policy.cap(), static_cast<int>(order.size())), launched = 0;
  tally_.clear();
  live_.clear();
  auto launch = [&](int branches) {
    for (; branches > 0; --branches) {
      int sample = order[launched++];
      live_.push_back({sample, run.sequential, run.sequential + question.samples[sample].tokens});
    }
  };
  launch(std::min(options_.width, cap));
  while (!live_.empty()) {
    auto ended = std::min_element(live_.begin(), live_.end(),
                                  [](const Branch& a, const Branch& b) { return a.finish < b.finish; });
    const Pool::Sample& sample = question.samples[ended->sample];
    advance(ended->finish, run);
    live_.erase(ended);
    charge(question, sample.tokens, run);
    add(tally_, sample);
    int n = tally_.state().n, live = static_cast<int>(live_.size());
    bool stop = n >= cap || policy.decide(tally_.state()).kind == Decision::Kind::stop;
    if (stop && (options_.cancel || live == 0)) break;
    if (stop) continue;  // the wave ends first, and every finish decides anew
    // A cap on launches, not on ends: what is drawn beyond the cap could never be counted.
    if (live > 0 && options_.refill && n + live < cap) launch(1);
    if (live == 0) launch(std::min(options_.width, cap - n));
  }
  for (const Branch& branch : live_) charge(question, run.sequential - branch.start, run);
  run.n = tally_.state().n;
  run.vote = tally_.vote();
  return run;
}

}  // namespace reckon
