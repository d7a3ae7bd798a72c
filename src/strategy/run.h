#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <reckon/receipt.h>
#include <reckon/strategy.h>

namespace reckon {

struct RunOptions {
  Budget budget;
  uint64_t seed = 0;
  Sampling sampling;
  Until until;
  Progress progress;
  // Told the account when the run starts, so that an interrupt or a client that leaves can halt it.
  std::function<void(const std::shared_ptr<Account>&)> on_start;
};

struct Run {
  Outcome outcome;
  Receipt receipt;
};

// How a run is made: run(), or something around it that keeps what it sees.
using Runner = std::function<Task<Run>(const Question&, const Strategy&, Model&, const Verifier&, RunOptions)>;

// One question through one strategy, with its account: waits until the last cancelled branch has been charged, so the
// receipt is final.
Task<Run> run(const Question& question, const Strategy& strategy, Model& model, const Verifier& verifier,
              RunOptions options);

}  // namespace reckon
