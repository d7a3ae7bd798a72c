#pragma once
#include "eval/recordings.h"

#include <reckon/model.h>
#include <reckon/question.h>
#include <reckon/verifier.h>

#include "strategy/run.h"

namespace reckon {

// What `solve`, `eval` and `serve` write with --record: the samples of a finished run, judged against the question's
// reference where there is one, in the order in which they ended. Where `model` is the RecordingModel that the run went
// through, also the samples it cancelled.
Recording record(const Question& question, const Model& model, const Verifier& verifier, const RunOptions& options,
                 const Run& run);

}  // namespace reckon
