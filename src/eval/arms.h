#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eval/harness.h"

namespace reckon {

// One of the strategies of an evaluation, and how it is chosen for the next question: as it is, at the price of the
// moment, or by a calibration.
class Arm {
 public:
  Arm(std::string text, const EvalOptions& options, std::string model);

  // Names the arm in rows and recordings; the same whatever the price is.
  const std::string& label() const { return label_; }

  struct Chosen {
    std::unique_ptr<Strategy> strategy;
    std::optional<double> price;  // where one price moves with the stream
    std::string note;             // for the receipt; may be empty
  };
  Chosen choose(TaskKind task) const;
  // A question has ended: moves the price by what it spent. Rows must come in the order of the results file, in which
  // they also come when an evaluation is continued. Runs that failed say nothing about spending.
  void observe(const EvalRow& row);

 private:
  std::string text_, label_, model_;
  std::optional<PriceControl> price_;
  const Calibration* calibration_ = nullptr;
};

// Throws Error{invalid_request} if a mean budget has no strategy to move.
std::vector<Arm> make_arms(const EvalOptions& options, const std::string& model);

// Whether the questions with an answer of the calibration's kind are harder than the calibration's, by the first two
// answers under calibrated strategies; "" if nothing speaks for it.
std::string harder_than_calibrated(const Calibration& calibration, const std::vector<Question>& questions,
                                   const std::vector<EvalRow>& rows);

}  // namespace reckon
