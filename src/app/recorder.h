#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "eval/recordings.h"
#include "strategy/run.h"

#include <reckon/error.h>

namespace reckon {

// What `solve --record` and `serve --record` do around run(): every finished run becomes a line of one recording file,
// question and samples included. Several runs may be under way at once.
class Recorder {
 public:
  explicit Recorder(const std::string& path) : file_(path) {}  // throws Error as RecordingWriter does

  // As run(), and the line is on the disk when it returns. Where it cannot be written the answer is not lost: the
  // receipt gets a note, and failure() tells. Outlives the loop.
  Task<Run> run(const Question& question, const Strategy& strategy, Model& model, const Verifier& verifier,
                RunOptions options);
  const std::optional<Error>& failure() const { return failure_; }  // the first

 private:
  std::mutex mutex_;  // guards file_
  RecordingWriter file_;
  std::optional<Error> failure_;
};

}  // namespace reckon
