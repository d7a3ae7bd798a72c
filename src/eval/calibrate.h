#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eval/pool.h"
#include "eval/replay.h"
#include "policy/calibration.h"

namespace reckon {

struct CalibrateOptions {
  double target_points = 0.5;      // of accuracy that may be lost against the longest fixed N
  std::optional<double> max_risk;  // percent of questions that may be lost, certified with `confidence`
  double confidence = 0.95;
  int orders = 50;
  int resamples = 1000;
  uint64_t seed = 1;  // also of the split by question family
  int threads = 0;
};

// Chooses a policy for one model and task from its recordings (docs/policy.md, "Calibration"). Half of the question
// families choose the frontier, the other half test it from its dearest point down until a point fails. With fewer than
// 200 questions or 32 draws nothing is chosen and the verdict says so. `created` and `source_sha256` are the caller's.
Calibration calibrate(const Pool& pool, const CalibrateOptions& options = {});

// The policies a calibration looks at: lead and guarded value of computation over their knobs and caps.
std::vector<std::string> calibration_grid(int cap);

// Two halves with whole question families in either; a question without a family is its own.
std::pair<Pool, Pool> split_by_family(const Pool& pool, uint64_t seed);

// One run of every policy on every question: [policy][question] is true where the longest fixed N is right on the same
// draws and the policy is not.
std::vector<std::vector<bool>> run_losses(const Pool& pool, const std::vector<std::unique_ptr<Policy>>& policies,
                                          const ReplayOptions& options);

// The certificate alone. `losses[p][q]`: policy p, dearest first, lost question q to the longest fixed N, each question
// run once. Returns the cheapest policy that was reached by testing from the dearest on without a failure: with
// probability `confidence` over the questions its true risk is at most `max_risk` (a share), whatever the policies are.
// Conformal risk control, (n r + 1) / (n + 1) <= max_risk, must hold too: it bounds the expected risk.
std::optional<int> certified(const std::vector<std::vector<bool>>& losses, double max_risk, double confidence);

}  // namespace reckon
