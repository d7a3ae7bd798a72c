#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reckon {

// What `reckon calibrate` measured on a user's own recordings; read again by adaptive runs. docs/policy.md has the
// form.
struct Calibration {
  struct Point {
    std::string policy;            // "lead:m=2,cap=16"
    double accuracy = 0;           // on the questions that chose the frontier
    double tokens = 0;             // mean per question
    double d = 0, d_lo = 0;        // accuracy minus the longest fixed N, on the other questions, with its lower bound
    double x64 = 0;                // tokens of the longest fixed N / tokens
    double risk = 0, risk_hi = 1;  // share of questions lost that the longest fixed N gets right; upper bound
  };
  std::string model;
  std::string task;     // kind of answer: math, choice, ...
  std::string dataset;  // of the questions; may be empty
  std::string created, source_sha256;
  int questions = 0, draws = 0, orders = 0;
  double mean_draw = 0;  // tokens
  double log_length_mean = 0, log_length_sd = 0;
  double pair_agreement = 0;                         // chance that two draws of a question agree
  std::vector<double> curve_accuracy, curve_tokens;  // of fixed N = 1, 2, ...
  std::vector<Point> points;                         // the frontier, cheapest first
  double target_points = 0.5;                        // of accuracy that may be lost
  std::optional<double> max_risk;                    // percent
  std::optional<int> economy, balanced, quality;     // indices of `points`; none: the default is kept
  bool passed = false;                               // whether `balanced` clears the target
  std::string verdict;                               // one sentence for a person
};

std::string to_json(const Calibration& calibration);
// Throws Error{invalid_request} for another format or version; ignores keys it does not know.
Calibration parse_calibration(std::string_view json);

struct CalibratedPolicy {
  std::string policy;   // what to use: the calibrated point, or the preset's default
  std::string ignored;  // why the calibration was not used; "" if it was
};
// `preset`: economy, balanced or quality.
CalibratedPolicy calibrated_policy(const Calibration& calibration, std::string_view model, std::string_view task,
                                   std::string_view preset);

// A warning if the questions of a stream are harder than those of the calibration: `agreeing` of `pairs` first two
// draws agreed, significantly fewer than there. "" if nothing speaks for it.
std::string harder_than_calibrated(const Calibration& calibration, int pairs, int agreeing);

}  // namespace reckon
