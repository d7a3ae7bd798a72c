#include "strategy/drawing.h"

#include "base/rng.h"

namespace reckon {
namespace {

// One sample, from a fork to its answer.
Task<Sample> draw(std::unique_ptr<Branch> branch, Sampling how, const Question& question, Context& context,
                  TextSink sink) {
  Loop& loop = co_await this_loop();
  Loop::Time start = loop.now();
  Segment segment = co_await branch->generate(context.until, how, std::move(sink));
  Sample sample{.text = std::move(segment.text),
                .tokens = segment.tokens,
                .finish = segment.finish,
                .logprobs = segment.logprobs,
                .trace = std::move(segment.trace),
                .seed = how.seed,
                .line = branch->line(),
                .seconds = std::chrono::duration<double>(loop.now() - start).count()};
  sample.answer = context.verifier.extract(question, sample.text, sample.cut());
  co_return sample;
}

}  // namespace

bool Drawing::start() {
  if (!context_.account->reserve_sample()) return false;
  Sampling how = context_.sampling;
  how.seed = derive(context_.seed, static_cast<uint64_t>(started_));
  TextSink sink = started_ == 0 ? context_.progress.lead_text : TextSink{};
  ++started_;
  samples_.add(draw(trunk_.fork(), how, question_, context_, std::move(sink)));
  return true;
}

void Drawing::start(int count) {
  for (int i = 0; i < count && start();) ++i;
}

}  // namespace reckon
