#pragma once
#include <string>
#include <string_view>

#include <reckon/options.h>

namespace reckon {

// Keeps the mean tokens per question of a stream near a budget by moving one price for all questions: what a flip of
// the vote is worth, in draws. A dual-ascent step on ln(price) after every question; its gain decays, so that it
// settles. Hard caps are the policy's business and always hold.
class PriceControl {
 public:
  struct Options {
    double tokens = 0;    // mean tokens per question to aim for; > 0
    double start = 0.02;  // the first price, in vote flips per draw
    double gain = 0.05;   // of the first steps; measured, docs/policy.md
  };
  explicit PriceControl(const Options& options);

  double price() const;
  void observe(double spent);  // tokens of the question that ended

 private:
  Options options_;
  double log_price_;
  int questions_ = 0;
};

// "--mean-budget tokens=12000". Throws Error{invalid_request}.
PriceControl::Options parse_mean_budget(std::string_view text);
std::string to_string(const PriceControl::Options& budget);  // as it can be typed again, without what is standard

}  // namespace reckon
