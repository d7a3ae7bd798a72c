#include "strategy/drawing.h"

#include "base/rng.h"
#include "strategy/thinking.h"

namespace reckon {
namespace {

// Sample `number`, from a fork to its answer and score.
Task<Sample> draw(std::unique_ptr<Branch> branch, int number, const Question& question, Context& context,
                  const Scorer* scorer) {
  Loop& loop = co_await this_loop();
  Sampling how = context.sampling;
  how.seed = derive(context.seed, static_cast<uint64_t>(number));
  TextSink sink = context.progress.text ? context.progress.text(number) : TextSink{};
  Loop::Time start = loop.now();
  Sample sample = co_await generate_sample(*branch, how, context, std::move(sink));
  sample.seed = how.seed;
  sample.number = number;
  sample.line = branch->line();
  sample.seconds = std::chrono::duration<double>(loop.now() - start).count();
  sample.answer = context.verifier.extract(question, sample.text, sample.cut());
  if (scorer && sample.answer)
    sample.score = co_await if_room(context, scorer->score(question, context, sample, *branch));
  co_return sample;
}

}  // namespace

bool Drawing::start() {
  if (!context_.account->reserve_sample()) return false;
  samples_.add(draw(trunk_.fork(), started_++, question_, context_, scorer_));
  return true;
}

void Drawing::start(int count) {
  for (int i = 0; i < count && start();) ++i;
}

}  // namespace reckon
