#include "app/recorder.h"

#include <fmt/format.h>

#include "eval/recordings_model.h"
#include "eval/recordings_run.h"

namespace reckon {

Task<Run> Recorder::run(const Question& question, const Strategy& strategy, Model& model, const Verifier& verifier,
                        RunOptions options) {
  RecordingModel recorder(model);
  Run finished = co_await reckon::run(question, strategy, recorder, verifier, options);
  Recording line = record(question, recorder, verifier, options, finished);
  try {
    co_await on_pool([this, line = std::move(line)] {  // its own: the run may be dropped meanwhile
      std::lock_guard lock(mutex_);
      file_.append(line);
      return true;
    });
  } catch (const Error& error) {
    finished.receipt.notes.push_back(fmt::format("not recorded: {}", error.what()));
    if (!failure_) failure_ = error;
  }
  co_return finished;
}

}  // namespace reckon
