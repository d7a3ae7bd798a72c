#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <reckon/model.h>
#include <reckon/receipt.h>
#include <reckon/strategy.h>

#include "policy/calibration.h"
#include "policy/price.h"

namespace reckon {

// One question answered by one strategy: what goes into the results file, one JSON object a line.
struct EvalRow {
  std::string question;
  std::string strategy;
  std::string answer;  // canonical; empty: none
  std::string reference;
  std::string verdict;  // of the answer against the reference; "none" without an answer, "error" when the run failed
  std::string error;
  bool correct = false;
  double confidence = 0;
  double difficulty = 0;                // Outcome::difficulty
  std::optional<bool> first_two_agree;  // the first two samples that ended; none: there were not two
  std::optional<double> price;          // in vote flips per draw, where --mean-budget moved it
  std::string stop_reason;
  int samples = 0;
  Usage usage;
  double seconds = 0, cpu_seconds = 0;
};

struct EvalOptions {
  std::vector<std::string> strategies;
  Budget budget;  // of each question and strategy
  uint64_t seed = 0;
  Sampling sampling;
  Until until;
  int parallel = 1;    // questions at a time
  std::string folder;  // results.jsonl, run.json and recordings live here
  bool record = false;
  std::optional<PriceControl::Options> mean_budget;  // one price for the stream: of adaptive:rule=voc
  std::optional<Calibration> calibration;            // of adaptive strategies that name a preset or nothing
};

struct EvalProgress {
  int done = 0, total = 0, correct = 0;
  int resumed = 0;  // of `done`, found in the folder at the start
};

struct EvalHooks {
  std::function<void(const EvalProgress&)> progress;
  std::function<void(const std::string& question, Receipt&)> receipt;  // of every run, for the ledger
  std::function<void(const std::shared_ptr<Account>&)> on_start;       // of every run, so that an interrupt can halt it
  std::function<bool()> interrupted;  // true: start nothing more; what was halted half-way is not a row
};

// Runs every question through every strategy, each question's strategies one after another on the same seed, so that
// they are paired. What the folder already holds is not run again; a row is on the disk before the next begins. A price
// that follows a mean budget sees the questions in the order in which they end, which is the order of the results file.
// Returns all rows, old and new, in the order of questions and strategies.
Task<std::vector<EvalRow>> evaluate(std::vector<Question> questions, Model& model, const Verifier& verifier,
                                    EvalOptions options, EvalHooks hooks);

std::string to_json(const EvalRow& row);
EvalRow parse_eval_row(std::string_view line);  // throws Error{invalid_request}

}  // namespace reckon
