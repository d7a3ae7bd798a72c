#include "policy/price.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr double kLeast = 0.001, kMost = 0.3;  // prices
constexpr double kLongestStep = 0.5;           // of ln(price)
constexpr double kSettle = 50;                 // questions until the gain has fallen by 1/sqrt(2)

struct MeanBudget {
  double tokens = 0, start = PriceControl::Options().start, gain = PriceControl::Options().gain;
  static constexpr auto fields() {
    return std::tuple{field("tokens", &MeanBudget::tokens, 1, 1e12, "Mean tokens per question to aim for."),
                      field("start", &MeanBudget::start, kLeast, kMost, "The first price, in vote flips per draw."),
                      field("gain", &MeanBudget::gain, 1e-6, 10, "How fast the price follows the spending.")};
  }
};

}  // namespace

PriceControl::PriceControl(const Options& options)
    : options_(options), log_price_(std::log(std::clamp(options.start, kLeast, kMost))) {
  if (!(options.tokens > 0) || !std::isfinite(options.tokens) || !(options.gain > 0))
    throw Error(Code::invalid_request, "a mean budget needs a positive number of tokens and a positive gain");
}

double PriceControl::price() const { return std::exp(log_price_); }

void PriceControl::observe(double spent) {
  double gain = options_.gain / std::sqrt(1 + questions_++ / kSettle);
  double step = std::clamp(gain * (spent / options_.tokens - 1), -kLongestStep, kLongestStep);
  log_price_ = std::clamp(log_price_ + step, std::log(kLeast), std::log(kMost));
}

PriceControl::Options parse_mean_budget(std::string_view text) {
  Spec spec = parse_spec(fmt::format("--mean-budget:{}", text));
  if (!spec.values.contains("tokens"))
    throw Error(Code::invalid_request, fmt::format("--mean-budget {}: say tokens=N, the mean per question", text));
  auto budget = parse_options<MeanBudget>(spec.name, spec.values);
  return {.tokens = budget.tokens, .start = budget.start, .gain = budget.gain};
}

std::string to_string(const PriceControl::Options& budget) {
  const PriceControl::Options standard;
  std::string text = fmt::format("tokens={}", detail::show(budget.tokens));
  if (budget.start != standard.start) text += fmt::format(",start={}", detail::show(budget.start));
  if (budget.gain != standard.gain) text += fmt::format(",gain={}", detail::show(budget.gain));
  return text;
}

}  // namespace reckon
