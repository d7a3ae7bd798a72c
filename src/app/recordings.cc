#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "app/commands.h"
#include "eval/import_formats.h"
#include "eval/recordings.h"
#include "eval/recordings_pools.h"
#include "eval/recordings_rerun.h"
#include "stats/discrimination.h"
#include "verify/answer_verifier.h"

#include <reckon/error.h>
#include <reckon/options.h>

namespace reckon {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string format = "auto";
  std::string question, out;
};

int tell_broken(const std::string& path, const RecordingFile& file) {
  for (const BrokenLine& bad : file.broken)
    fmt::print(stderr, "reckon: {} line {}: {}; it is left out\n", path, bad.line, bad.why);
  return file.broken.empty() ? 0 : 1;
}

// One line of `ls`: what a file holds of one model and data set.
struct Holding {
  int questions = 0, judged = 0, right = 0;
  size_t samples = 0, least = SIZE_MAX, most = 0;
  int64_t tokens = 0;
  bool all_tokens = true, early = false;
};

void count(Holding& h, const Recording& r) {
  ++h.questions;
  h.samples += r.samples.size();
  h.least = std::min(h.least, r.samples.size());
  h.most = std::max(h.most, r.samples.size());
  for (const RecordedSample& s : r.samples) {
    h.tokens += s.tokens;
    h.all_tokens &= s.tokens > 0;
    h.judged += s.correct.has_value();
    h.right += s.correct.value_or(false);
  }
}

int ls(const Options& o) {
  int code = 0;
  fmt::print("{:>9}  {:>8}  {:>7}  {:>10}  {:>6}  {}\n", "questions", "samples", "each", "tokens", "right",
             "data set / model / file");
  for (const std::string& path : o.files) {
    RecordingFile file = import_recordings(path, o.format, exact_answers());
    std::map<std::pair<std::string, std::string>, Holding> holdings;
    for (const Recording& r : file.recordings) count(holdings[{r.dataset, r.model}], r);
    for (const auto& [key, h] : holdings) {
      std::string each = h.least == h.most ? fmt::format("{}", h.least) : fmt::format("{}-{}", h.least, h.most);
      fmt::print("{:>9}  {:>8}  {:>7}  {:>10}  {:>6}  {} / {} / {}\n", h.questions, h.samples, each,
                 h.all_tokens ? fmt::format("{}", h.tokens) : "unknown",
                 h.judged > 0 ? fmt::format("{:.1f}%", 100.0 * h.right / h.judged) : "-",
                 key.first.empty() ? "-" : key.first, key.second, path);
    }
    code |= tell_broken(path, file);
  }
  return code;
}

void show_question(const Recording& r) {
  fmt::print("{}  {}  {}\n", r.id, r.model, r.dataset);
  for (const Message& m : r.messages) fmt::print("{}: {}\n", m.role, m.content);
  fmt::print("reference: {}\n", r.reference.value_or("-"));
  if (r.run)
    fmt::print("run: {}, {} of {} samples, stopped: {}, answer: {}\n", r.run->strategy, r.samples.size(),
               r.run->started, r.run->stop_reason, r.run->answer.value_or("-"));
  for (const RecordedSample& s : r.samples) {
    std::string verdict = !s.correct ? "?" : *s.correct ? "right" : "wrong";
    fmt::print("  {:>20}  {:>6}  {:<6}  {:<6}  {}\n", s.seed, s.tokens > 0 ? fmt::format("{}", s.tokens) : "-",
               s.finish ? name(*s.finish) : "-", verdict, s.answer.value_or("(no answer)"));
  }
}

// One recording line per question; with --question also the samples' texts.
int show(const Options& o) {
  int code = 0;
  bool found = false;
  for (const std::string& path : o.files) {
    RecordingFile file = import_recordings(path, o.format, exact_answers());
    for (const Recording& r : file.recordings) {
      if (!o.question.empty() && r.id != o.question) continue;
      found = true;
      show_question(r);
      if (o.question.empty()) continue;
      for (const RecordedSample& s : r.samples)
        fmt::print("\n--- seed {}\n{}\n", s.seed, s.text.value_or("(text not recorded)"));
    }
    code |= tell_broken(path, file);
  }
  if (!found && !o.question.empty())
    throw Error(Code::not_found,
                fmt::format("no question {} in these recordings; reckon recordings show FILE lists them", o.question));
  return code;
}

int merge(const Options& o) {
  if (o.out.empty())
    throw Error(Code::invalid_request, "--out is missing: name the file to write, .jsonl or .jsonl.zst");
  std::vector<Recording> all;
  int code = 0;
  for (const std::string& path : o.files) {
    RecordingFile file = import_recordings(path, o.format, exact_answers());
    code |= tell_broken(path, file);
    std::ranges::move(file.recordings, std::back_inserter(all));
  }
  size_t before = all.size();
  all = merged(std::move(all));
  write_recordings(o.out, all);
  fmt::print("{}: {} questions from {} lines of {} files\n", o.out, all.size(), before, o.files.size());
  return code;
}

// What keeps the recordings of one file from being replayed, one sentence each.
int validate_file(const std::string& path, const Options& o) {
  RecordingFile file = import_recordings(path, o.format, exact_answers());
  int code = tell_broken(path, file);
  size_t questions = file.recordings.size();
  try {
    std::vector<Pool> pools = to_pools(std::move(file.recordings), CostOf::tokens);
    fmt::print("{}: {} questions in {} pools can be replayed\n", path, questions, pools.size());
  } catch (const Error& error) {
    fmt::print(stderr, "reckon: {}: {}\n", path, error.what());
    code = 1;
  }
  return code;
}

int validate(const Options& o) {
  int code = 0;
  for (const std::string& path : o.files) code |= validate_file(path, o);
  return code;
}

// Whether logged runs take the same decisions again.
int rerun_files(const Options& o) {
  int code = 0, same = 0, runs = 0;
  AnswerVerifier verifier;
  for (const std::string& path : o.files) {
    RecordingFile file = import_recordings(path, o.format, exact_answers());
    code |= tell_broken(path, file);
    for (const Recording& r : file.recordings) {
      ++runs;
      std::vector<std::string> differences = rerun(r, verifier);
      for (const std::string& difference : differences)
        fmt::print(stderr, "reckon: {}, question {}: {}\n", path, r.id, difference);
      same += differences.empty();
    }
  }
  fmt::print("{} of {} runs took the same decisions again\n", same, runs);
  return same == runs ? code : 1;
}

// How well recorded scores tell right from wrong, for each model and scorer.
int discrimination(const Options& o) {
  int code = 0;
  std::map<std::pair<std::string, std::string>, std::vector<std::vector<ScoredAnswer>>> all;
  for (const std::string& path : o.files) {
    RecordingFile file = import_recordings(path, o.format, exact_answers());
    code |= tell_broken(path, file);
    for (const Recording& r : file.recordings) {
      std::vector<ScoredAnswer> answers;
      for (const RecordedSample& s : r.samples)
        if (s.score && s.correct) answers.push_back({*s.score, *s.correct});
      if (answers.empty()) continue;
      std::string scorer = r.run ? parse_spec(r.run->strategy).values["scorer"] : r.dataset;
      all[{r.model, std::move(scorer)}].push_back(std::move(answers));
    }
  }
  if (all.empty())
    throw Error(
        Code::invalid_request,
        "no sample here has a score and a verdict; record a strategy with a scorer on questions with references");
  fmt::print("{:>9}  {:>6}  {:<16}  {}\n", "questions", "AUC", "95 % interval", "model / scorer");
  for (const auto& [key, questions] : all) {
    Discrimination d = within_question_discrimination(questions);
    fmt::print("{:>9}  {:>6.3f}  [{:.3f}, {:.3f}]{:4}{} / {}\n", d.questions, d.auc.value, d.auc.lo, d.auc.hi, "",
               key.first, key.second.empty() ? "-" : key.second);
  }
  return code;
}

Command part(const char* name, const char* summary, const char* example, int (*run)(const Options&)) {
  auto o = std::make_shared<Options>();  // owned by both functions
  return {.name = name,
          .summary = summary,
          .example = example,
          .declare =
              [o, run](Flags& f) {
                f.positional("FILE", o->files, "Recordings or other collections of samples; .zst and .tar.zst too.");
                f.option("--format", o->format,
                         "recording, reasoning-gym, zeroeval, qwen-rm8, codet, routellm or auto.");
                if (run == show) f.option("--question", o->question, "Only this one, with the samples' texts.");
                if (run == merge) f.option("--out", o->out, "The file to write; packed when it ends in .zst.");
              },
          .run = [o, run] { return run(*o); }};
}

}  // namespace

Command recordings_command() {
  return {.name = "recordings",
          .summary = "Look at recorded samples, put them together, and check them.",
          .example = "reckon recordings ls results/*.jsonl",
          .subcommands = {
              part("ls", "What the files hold, one line for each data set and model.",
                   "reckon recordings ls results/recordings.jsonl", ls),
              part("show", "The samples of every question, or of one.",
                   "reckon recordings show results/recordings.jsonl --question 17", show),
              part("merge", "One file of several, each question once, imported or packed.",
                   "reckon recordings merge a.jsonl b.jsonl --out both.jsonl.zst", merge),
              part("validate", "Whether the files can be replayed, and if not why.",
                   "reckon recordings validate results/recordings.jsonl", validate),
              part("rerun", "Feed logged runs through their strategy again and compare every decision.",
                   "reckon recordings rerun results/recordings.jsonl", rerun_files),
              part("discrimination", "How well scores tell right answers from wrong ones to the same question.",
                   "reckon recordings discrimination results/recording-best-of-n.jsonl", discrimination),
          }};
}

}  // namespace reckon
