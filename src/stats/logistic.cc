#include "stats/logistic.h"

#include <cmath>

#include <reckon/error.h>

namespace reckon {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Solves a x = b for a symmetric positive definite matrix, by Gaussian elimination in place.
std::vector<double> solve(Matrix a, std::vector<double> b) {
  size_t n = b.size();
  for (size_t i = 0; i < n; ++i)
    for (size_t r = i + 1; r < n; ++r) {
      double factor = a[r][i] / a[i][i];
      for (size_t c = i; c < n; ++c) a[r][c] -= factor * a[i][c];
      b[r] -= factor * b[i];
    }
  for (size_t i = n; i-- > 0;) {
    for (size_t c = i + 1; c < n; ++c) b[i] -= a[i][c] * b[c];
    b[i] /= a[i][i];
  }
  return b;
}

}  // namespace

Logistic::Logistic(std::span<const std::vector<double>> rows, std::span<const double> labels, double ridge) {
  if (rows.empty() || rows.size() != labels.size())
    throw Error(Code::invalid_request, "a logistic regression needs one label for each of its rows");
  size_t width = rows[0].size();
  mean_.assign(width, 0), scale_.assign(width, 0), weights_.assign(width + 1, 0);
  auto count = static_cast<double>(rows.size());
  for (const auto& row : rows) {
    if (row.size() != width) throw Error(Code::invalid_request, "the rows of a regression have different lengths");
    for (size_t i = 0; i < width; ++i) mean_[i] += row[i] / count;
  }
  for (const auto& row : rows)
    for (size_t i = 0; i < width; ++i) scale_[i] += (row[i] - mean_[i]) * (row[i] - mean_[i]) / count;
  for (double& scale : scale_) scale = scale > 1e-18 ? std::sqrt(scale) : 1;

  constexpr int kMostSteps = 50;
  for (int step = 0; step < kMostSteps; ++step) {
    Matrix hessian(width + 1, std::vector<double>(width + 1));
    std::vector<double> gradient(width + 1), x(width + 1, 1);
    for (size_t i = 0; i < width; ++i) hessian[i + 1][i + 1] = ridge, gradient[i + 1] = -ridge * weights_[i + 1];
    hessian[0][0] = 1e-9;  // invertible also where one label is missing
    for (size_t r = 0; r < rows.size(); ++r) {
      for (size_t i = 0; i < width; ++i) x[i + 1] = (rows[r][i] - mean_[i]) / scale_[i];
      double p = 1 / (1 + std::exp(-linear(rows[r])));
      for (size_t i = 0; i <= width; ++i) {
        gradient[i] += (labels[r] - p) * x[i];
        for (size_t j = 0; j <= width; ++j) hessian[i][j] += p * (1 - p) * x[i] * x[j];
      }
    }
    std::vector<double> move = solve(hessian, gradient);
    double largest = 0;
    for (size_t i = 0; i <= width; ++i) {
      double bounded = std::fmin(5, std::fmax(-5, move[i]));
      weights_[i] += bounded, largest = std::fmax(largest, std::fabs(bounded));
    }
    if (largest < 1e-9 || std::fabs(weights_[0]) > 30) break;
  }
}

double Logistic::linear(std::span<const double> row) const {
  double sum = weights_[0];
  for (size_t i = 0; i < row.size(); ++i) sum += weights_[i + 1] * (row[i] - mean_[i]) / scale_[i];
  return sum;
}

double Logistic::probability(std::span<const double> row) const { return 1 / (1 + std::exp(-linear(row))); }

double weighted_auc(std::span<const double> scores, std::span<const double> labels, std::span<const double> weights,
                    std::span<const int> order) {
  double below = 0, positives = 0, above = 0;  // weight of label 0 so far, of label 1, and of pairs in the right order
  for (size_t i = 0; i < order.size();) {
    double zeros = 0, ones = 0;  // of one score
    size_t end = i;
    for (; end < order.size() && scores[order[end]] == scores[order[i]]; ++end)
      (labels[order[end]] > 0.5 ? ones : zeros) += weights[order[end]];
    above += ones * (below + zeros / 2);
    below += zeros, positives += ones;
    i = end;
  }
  return above / (below * positives);
}

}  // namespace reckon
