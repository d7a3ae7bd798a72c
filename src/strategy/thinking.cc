#include "strategy/thinking.h"

#include <algorithm>
#include <string>

namespace reckon {
namespace {

void add(Sample& sample, Segment segment) {
  sample.text += segment.text;
  sample.tokens += segment.tokens;
  sample.finish = segment.finish;
  sample.stop = std::move(segment.stop);
  const LogprobSummary& more = segment.logprobs;
  if (more.tokens > 0)
    sample.logprobs.minimum =
        sample.logprobs.tokens == 0 ? more.minimum : std::min(sample.logprobs.minimum, more.minimum);
  sample.logprobs.sum += more.sum;
  sample.logprobs.entropy += more.entropy;
  sample.logprobs.tokens += more.tokens;
  sample.trace.insert(sample.trace.end(), segment.trace.begin(), segment.trace.end());
}

// How the thinking block of a sample went.
enum class Thought { none, closed, forced, over };  // over: the sample ended inside it

struct Cap {
  int tokens = 0;  // in the block
  int whole = 0;   // of the sample
};

// Whether the model opens a block, where its template leaves that to it: its first tokens spell the tag. If not, the
// branch goes back, and what was drawn is charged and drawn again.
Task<bool> opens(Branch& branch, Sampling how, std::string open, Sample& sample) {
  Branch::Mark start = branch.mark();
  std::string said;
  Segment segment;
  do {
    segment = co_await branch.generate({.tokens = 1, .stop = {}}, how);
    sample.tokens += segment.tokens;
    said += segment.text;
    said.erase(0, std::min(said.find_first_not_of(" \n"), said.size()));
    if (said.starts_with(open)) {
      sample.text = said;
      co_return true;
    }
  } while (segment.finish == Finish::length && segment.tokens > 0 && open.starts_with(said));
  branch.truncate(start);
  co_return false;
}

Task<Thought> think(Branch& branch, Sampling how, const Capabilities& model, Cap cap, TextSink sink, Sample& sample) {
  Sampling free = how;
  free.grammar = {};
  free.top_logprobs = -1;
  const std::string close = model.think_close + "\n\n";
  if (cap.tokens == 0) {
    co_await branch.append(model.think_first ? close : model.think_open + "\n\n" + close);
    co_return Thought::closed;
  }
  if (model.think_first) sample.text = model.think_open;
  else if (!co_await opens(branch, free, model.think_open, sample)) co_return Thought::none;
  if (sink) sink(sample.text);
  if (int left = cap.tokens - sample.tokens; left > 0) {
    Until until{.tokens = left, .stop = {}, .end_of_thinking = true};
    add(sample, co_await branch.generate(until, free, sink));
  } else {
    sample.finish = Finish::length;
  }
  sample.thinking = sample.tokens;
  if (sample.finish == Finish::end_of_thinking) co_return Thought::closed;
  if (sample.finish == Finish::budget) co_return Thought::over;
  co_await branch.append("\n" + close);
  sample.text += "\n" + close;
  if (sink) sink("\n" + close);
  co_return Thought::forced;
}

}  // namespace

int answer_reserve(int tokens) { return std::clamp(tokens / 4, 1, 512); }

Task<Sample> generate_sample(Branch& branch, Sampling how, Context& context, TextSink sink) {
  const Capabilities& model = context.model.capabilities();
  Sample sample;
  Until until = context.until;
  if (!model.think_close.empty() && model.append && model.truncate) {
    int room = std::max(model.context - branch.mark().tokens, 1);
    Cap cap{.whole = until.tokens > 0 ? std::min(until.tokens, room) : room};
    cap.tokens = std::max(cap.whole - answer_reserve(cap.whole), 0);
    if (auto budget = context.account->budget().thinking_tokens)
      cap.tokens = static_cast<int>(std::min<int64_t>(cap.tokens, *budget));
    Thought thought = co_await think(branch, how, model, cap, sink, sample);
    if (thought == Thought::over) co_return sample;
    if (thought == Thought::forced) context.account->note("thinking reached its limit and was closed by force");
    if (thought != Thought::none && until.tokens > 0) until.tokens = std::max(cap.whole - sample.tokens, 1);
  }
  Segment answer = co_await branch.generate(std::move(until), how, std::move(sink));
  sample.drawn = std::move(answer.drawn);
  add(sample, std::move(answer));
  co_return sample;
}

}  // namespace reckon
