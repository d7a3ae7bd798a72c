#pragma once
#include <optional>

#include <reckon/strategy.h>

namespace reckon {

// The samples of one run: forks of one prompt, each with a seed of its own, in the order in which they finish. Starts
// them only while the account allows, forwards the text of the first one to whoever watches, and gives every sample its
// answer. Dropping it cancels the samples still running. All three parameters must outlive it.
class Drawing {
 public:
  Drawing(const Question& question, Context& context, const Branch& trunk)
      : question_(question), context_(context), trunk_(trunk) {}

  bool start();           // one more sample; false when the budget has no room for it
  void start(int count);  // up to `count` of them
  // The next sample that ends by itself; one that a ceiling stopped half-way has Finish::budget and is no draw. Nothing
  // when none is live. Throws when all have failed.
  Task<std::optional<Sample>> next() { return samples_.next(); }
  int live() const { return samples_.pending(); }

 private:
  const Question& question_;
  Context& context_;
  const Branch& trunk_;
  int started_ = 0;
  Stream<Sample> samples_;
};

}  // namespace reckon
