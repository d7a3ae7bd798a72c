#include "eval/recordings_rerun.h"

#include <fmt/format.h>

#include <set>

#include "base/sim.h"
#include "eval/recordings_model.h"
#include "eval/recordings_run.h"
#include "strategy/catalog.h"

#include <reckon/error.h>

namespace reckon {
namespace {

std::set<uint64_t> cancelled_seeds(const RecordedRun& run) {
  std::set<uint64_t> seeds;
  for (const RecordedRun::Cancelled& c : run.cancelled) seeds.insert(c.seed);
  return seeds;
}

class Differences {
 public:
  template <class T>
  void compare(const char* what, const T& live, const T& again) {
    if (!(live == again)) found.push_back(fmt::format("{}: {} live, {} again", what, live, again));
  }
  std::vector<std::string> found;
};

}  // namespace

std::vector<std::string> rerun(const Recording& recording, const Verifier& verifier) {
  RecordedModel said(recording);
  const RecordedRun& live = *recording.run;
  if (live.stop_reason.starts_with(kJoined))
    throw Error(Code::invalid_request,
                fmt::format("question {}: samples of several runs were put together, and no single run can be repeated",
                            recording.id));
  if (live.stop_reason != "decided" && live.stop_reason != "cap" && live.stop_reason != "no_answer")
    throw Error(Code::invalid_request,
                fmt::format("question {}: the run was ended from outside ({}), which its samples cannot repeat",
                            recording.id, live.stop_reason));
  Question question{.id = recording.id,
                    .task = recording.task,
                    .messages = recording.messages,
                    .reference = recording.reference,
                    .choices = recording.choices};
  RunOptions options{.seed = live.seed,
                     .sampling = recording.sampling.value_or(Sampling{}),
                     .until = {.tokens = recording.max_tokens}};
  options.budget.samples = live.budget.samples;
  Sim sim;
  RecordingModel model(said);
  Run result;
  try {
    result = sim.run(run(question, *make_strategy(live.strategy), model, verifier, options));
  } catch (const Error& error) {  // it waits for a sample that never ended, or asks for one that never was
    return {fmt::format("the run does not stop where it did ({})", error.what())};
  }
  Recording again = record(question, model, verifier, options, result);

  Differences differ;
  differ.compare("strategy", live.strategy, again.run->strategy);
  differ.compare("stop reason", live.stop_reason, again.run->stop_reason);
  differ.compare("answer", live.answer.value_or("none"), again.run->answer.value_or("none"));
  differ.compare("votes", live.votes, again.run->votes);
  differ.compare("confidence", live.confidence, again.run->confidence);
  if (live.difficulty) differ.compare("difficulty", *live.difficulty, again.run->difficulty.value_or(0));
  differ.compare("samples started", live.started, again.run->started);
  differ.compare("samples counted", recording.samples.size(), again.samples.size());
  for (size_t i = 0; i < std::min(recording.samples.size(), again.samples.size()); ++i) {
    differ.compare("sample", recording.samples[i].seed, again.samples[i].seed);
    differ.compare("its answer", recording.samples[i].answer.value_or("none"),
                   again.samples[i].answer.value_or("none"));
  }
  if (cancelled_seeds(live) != cancelled_seeds(*again.run)) differ.found.emplace_back("other samples were cancelled");
  int64_t charged = 0;
  for (const RecordedSample& sample : recording.samples) charged += sample.tokens;
  for (const RecordedRun::Cancelled& c : live.cancelled) charged += c.tokens;
  differ.compare("tokens charged", charged, result.receipt.usage.selected + result.receipt.usage.discarded);
  return differ.found;
}

}  // namespace reckon
