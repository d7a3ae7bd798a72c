#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/append_file.h"
#include "eval/recordings_input.h"

#include <reckon/budget.h>
#include <reckon/model.h>
#include <reckon/question.h>

namespace reckon {

// A sample as it is kept. What the source of an imported sample does not tell is absent, never invented.
struct RecordedSample {
  uint64_t seed = 0;  // tells the samples of a question apart; imported: their number, from 0
  std::optional<std::string> text;
  std::optional<std::string> answer;  // canonical; none where the sample gave no answer
  std::optional<bool> correct;        // none where no reference is known
  int tokens = 0;                     // generated; 0: unknown
  std::optional<Finish> finish;
  std::optional<LogprobSummary> logprobs;
  std::vector<TraceWindow> trace;
  std::optional<double>
      answer_logprob;           // mean over the tokens of the answer as written, under the untempered model, nats
  std::optional<double> ms;     // from its start to its end
  std::optional<double> score;  // of a reward model or a grader, as the source gives it
};

// The stop reason of samples of several runs that were put together; one that stopped early is named behind it.
inline constexpr const char* kJoined = "joined";

// How a live run came to its samples and what it decided: enough to feed it through its strategy again.
struct RecordedRun {
  std::string strategy;  // with its options
  uint64_t seed = 0;
  Budget budget;
  std::string stop_reason;
  std::optional<std::string> answer;  // canonical; what the run answered
  int votes = 0;
  double confidence = 0;
  std::optional<double> difficulty;  // Outcome::difficulty; none in older recordings
  int started = 0;                   // samples
  // Samples that had not ended when the run stopped, with what had been computed of them.
  struct Cancelled {
    uint64_t seed = 0;
    int tokens = 0;
  };
  std::vector<Cancelled> cancelled;
};

// The samples of one model for one question, in the order in which they ended: one line of a recording file.
struct Recording {
  std::string id;
  std::string dataset;  // questions of one data set have unique ids in it; "" = the file's
  std::string family;   // questions of one template or subject; "" = on its own
  TaskKind task = TaskKind::math;
  std::vector<Message> messages;  // empty where the source does not have the question's text
  std::vector<std::string> choices;
  std::optional<std::string> reference;
  std::string model, engine;
  std::optional<Shape> shape;
  std::vector<BatchCost> batch_cost;
  std::optional<Sampling> sampling;  // without its seed
  int max_tokens = 0;                // of one sample; 0: the context
  int64_t prompt_tokens = 0;         // 0: unknown
  std::vector<RecordedSample> samples;
  std::optional<RecordedRun> run;  // none: imported
};

// One line, schema "reckon.recording/1"; docs/recordings.md has the fields. Numbers that are not finite become null.
std::string to_json(const Recording& recording);
// Throws Error{unsupported} for another version of the schema, Error{invalid_request} for what is not a recording.
Recording parse_recording(std::string_view line);

// Appends to a plain .jsonl file. A line is whole and on the disk (fdatasync) when append() returns, or it is not in
// the file; a last line torn by a kill is cut off when the file is opened again. One writer at a time.
class RecordingWriter {
 public:
  // Throws Error{environment}, and Error{invalid_request} for a packed file, which cannot be continued.
  explicit RecordingWriter(const std::string& path);
  void append(const Recording& recording) { file_->append(to_json(recording)); }

 private:
  std::unique_ptr<AppendFile> file_;
};

// A line that could not be used, and why; the others could.
struct BrokenLine {
  int line = 0;
  std::string why;
};

// Streams a .jsonl file, plain or packed with zstd, holding one question at a time. Broken lines are passed over and
// listed; the cut-off end of a truncated file is one of them.
class RecordingReader {
 public:
  explicit RecordingReader(const std::string& path);  // throws Error{not_found, environment}
  // The next recording; none at the end. Throws Error{unsupported} for another version of the schema.
  std::optional<Recording> next();
  const std::vector<BrokenLine>& broken() const { return broken_; }
  int line() const { return lines_.line(); }  // of the recording that next() gave last, from 1

 private:
  std::string path_;
  LineReader lines_;
  std::vector<BrokenLine> broken_;
};

struct RecordingFile {
  std::vector<Recording> recordings;
  std::vector<BrokenLine> broken;
};
RecordingFile read_recordings(const std::string& path);

// All at once and packed when the name ends in .zst: the file is there whole or not at all. Throws Error{environment}.
void write_recordings(const std::string& path, const std::vector<Recording>& recordings);

}  // namespace reckon
