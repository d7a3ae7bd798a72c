#include "eval/arms.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "strategy/catalog.h"
#include "strategy/tune.h"

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr const char* kCalibrated = " --calibration";

// "adaptive:rule=voc,guard=true,cap=16,... --mean-budget tokens=2000": what can be typed again, without a lambda.
std::string priced_label(const std::string& text, const PriceControl::Options& budget) {
  std::string label = make_strategy(text)->text();
  size_t at = label.find("lambda=");
  label.erase(at, label.find(',', at) + 1 - at);
  return label + " --mean-budget " + to_string(budget);
}

}  // namespace

Arm::Arm(std::string text, const EvalOptions& options, std::string model)
    : text_(std::move(text)), label_(make_strategy(text_)->text()), model_(std::move(model)) {
  if (options.mean_budget && takes_price(text_)) {
    price_.emplace(*options.mean_budget);
    label_ = priced_label(text_, *options.mean_budget);
  } else if (options.calibration) {
    calibration_ = &*options.calibration;
    std::optional<TaskKind> task = parse_task_kind(calibration_->task);
    if (task && calibrated(text_, *calibration_, model_, *task).used) label_ += kCalibrated;
  }
}

Arm::Chosen Arm::choose(TaskKind task) const {
  if (price_) return {.strategy = make_strategy(priced(text_, price_->price())), .price = price_->price()};
  if (!calibration_) return {.strategy = make_strategy(text_)};
  Calibrated chosen = calibrated(text_, *calibration_, model_, task);
  return {.strategy = make_strategy(chosen.strategy), .note = chosen.note};
}

void Arm::observe(const EvalRow& row) {
  if (price_ && row.verdict != "error") price_->observe(static_cast<double>(row.usage.computed()));
}

std::vector<Arm> make_arms(const EvalOptions& options, const std::string& model) {
  if (options.mean_budget && std::ranges::none_of(options.strategies, takes_price))
    throw Error(Code::invalid_request,
                "--mean-budget moves the price of adaptive:rule=voc, and none of the strategies is that without a "
                "lambda of its own");
  std::vector<Arm> arms;
  for (const std::string& text : options.strategies) arms.emplace_back(text, options, model);
  return arms;
}

std::string harder_than_calibrated(const Calibration& calibration, const std::vector<Question>& questions,
                                   const std::vector<EvalRow>& rows) {
  std::set<std::string_view> of_its_kind;
  for (const Question& question : questions)
    if (name(question.task) == calibration.task) of_its_kind.insert(question.id);
  int pairs = 0, agreeing = 0;
  for (const EvalRow& row : rows)
    if (row.strategy.ends_with(kCalibrated) && row.first_two_agree && of_its_kind.contains(row.question))
      ++pairs, agreeing += *row.first_two_agree;
  return harder_than_calibrated(calibration, pairs, agreeing);
}

}  // namespace reckon
