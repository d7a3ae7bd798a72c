#include "strategy/drawing.h"

#include <algorithm>

#include "base/rng.h"
#include "strategy/thinking.h"

namespace reckon {
namespace {

// Mean log-probability of the tokens that the answer's text was drawn in; absent where the model does not tell tokens,
// and where they do not end with the sample's text (a stop string was cut off).
std::optional<double> answer_logprob(const Sample& sample) {
  if (!sample.answer) return std::nullopt;
  std::string told;
  for (const DrawnToken& token : sample.drawn) told += token.drawn.bytes;
  if (!sample.text.ends_with(told)) return std::nullopt;
  double sum = 0;
  int tokens = 0;
  size_t at = sample.text.size() - told.size();
  for (const DrawnToken& token : sample.drawn) {
    size_t end = at + token.drawn.bytes.size();
    if (at < sample.answer->end && end > sample.answer->begin) sum += token.drawn.logprob, ++tokens;
    at = end;
  }
  if (tokens == 0) return std::nullopt;
  return sum / tokens;
}

// Sample `number`, from a fork to its answer and score.
Task<Sample> draw(std::unique_ptr<Branch> branch, int number, const Question& question, Context& context,
                  const Scorer* scorer) {
  Loop& loop = co_await this_loop();
  Sampling how = context.sampling;
  how.seed = derive(context.seed, static_cast<uint64_t>(number));
  if (context.model.capabilities().logprobs) how.top_logprobs = std::max(how.top_logprobs, 0);  // for answer_logprob
  TextSink sink = context.progress.text ? context.progress.text(number) : TextSink{};
  Loop::Time start = loop.now();
  Sample sample = co_await generate_sample(*branch, how, context, std::move(sink));
  sample.seed = how.seed;
  sample.number = number;
  sample.line = branch->line();
  sample.seconds = std::chrono::duration<double>(loop.now() - start).count();
  sample.answer = context.verifier.extract(question, sample.text, sample.cut());
  sample.answer_logprob = answer_logprob(sample);
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
