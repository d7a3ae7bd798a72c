#pragma once
#include <span>
#include <vector>

namespace reckon {

// Logistic regression with an intercept and a ridge penalty on standardised features, by Newton's method. `rows` are
// feature vectors of one length. Throws Error{invalid_request} without rows or with lengths that differ.
class Logistic {
 public:
  Logistic(std::span<const std::vector<double>> rows, std::span<const double> labels, double ridge = 1);
  double probability(std::span<const double> row) const;  // of label 1

 private:
  double linear(std::span<const double> row) const;
  std::vector<double> mean_, scale_, weights_;  // weights_: intercept first
};

// Area under the ROC curve: the chance that a unit with label 1 scores above one with label 0, ties counting half.
// `order` sorts `scores` ascending; units count with their weight. NaN where one of the labels has no weight.
double weighted_auc(std::span<const double> scores, std::span<const double> labels, std::span<const double> weights,
                    std::span<const int> order);

}  // namespace reckon
