#include "eval/recordings_run.h"

#include <algorithm>

#include "eval/recordings_model.h"

namespace reckon {
namespace {

RecordedSample recorded(const Sample& sample, const Question& question, const Verifier& verifier) {
  RecordedSample out{.seed = sample.seed,
                     .text = sample.text,
                     .tokens = sample.tokens,
                     .finish = sample.finish,
                     .trace = sample.trace,
                     .answer_logprob = sample.answer_logprob,
                     .ms = sample.seconds * 1000};
  if (sample.logprobs.tokens > 0) out.logprobs = sample.logprobs;
  if (sample.answer) out.answer = sample.answer->canonical;
  out.score = sample.score;
  if (question.reference)
    out.correct = sample.answer && verifier.judge(question, *sample.answer, *question.reference) == Verdict::equal;
  return out;
}

}  // namespace

Recording record(const Question& question, const Model& model, const Verifier& verifier, const RunOptions& options,
                 const Run& run) {
  const Capabilities& facts = model.capabilities();
  Recording out{.id = question.id,
                .task = question.task,
                .messages = question.messages,
                .choices = question.choices,
                .reference = question.reference,
                .model = facts.name,
                .engine = facts.engine,
                .batch_cost = facts.batch_cost,
                .sampling = options.sampling,
                .max_tokens = options.until.tokens,
                .prompt_tokens = run.receipt.usage.prompt};
  if (facts.shape.matmul_parameters > 0) out.shape = facts.shape;
  for (const Sample& sample : run.outcome.samples) out.samples.push_back(recorded(sample, question, verifier));
  out.run = RecordedRun{.strategy = run.receipt.strategy,
                        .seed = options.seed,
                        .budget = options.budget,
                        .stop_reason = run.outcome.stop_reason,
                        .votes = run.outcome.votes,
                        .confidence = run.outcome.confidence,
                        .difficulty = run.outcome.difficulty,
                        .started = run.receipt.samples};
  if (run.outcome.answer) out.run->answer = run.outcome.answer->canonical;
  if (const auto* recorder = dynamic_cast<const RecordingModel*>(&model))
    for (const RecordedRun::Cancelled& draw : recorder->drawn())
      if (std::ranges::find(out.samples, draw.seed, &RecordedSample::seed) == out.samples.end())
        out.run->cancelled.push_back(draw);
  return out;
}

}  // namespace reckon
