#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace reckon {

// Statistics of accuracies. Pure functions; checked against SciPy, statsmodels and scikit-learn (tests/data/stats).
// Impossible arguments throw Error{invalid_request}.
struct Interval {
  double value = 0, lo = 0, hi = 0;
};

// Confidence intervals of a share. Wilson 1927: good coverage on average; use it to report an accuracy.
Interval wilson(int successes, int trials, double level = 0.95);
// Clopper and Pearson 1934: never covers less than `level`; use it for guarantees.
Interval clopper_pearson(int successes, int trials, double level = 0.95);
// Upper end of a one-sided Clopper-Pearson interval: the share is below it with probability `level`.
double clopper_pearson_upper(int successes, int trials, double level = 0.95);

// Exact two-sided McNemar test: the p-value when one arm alone was right `only_a` times and the other `only_b` times.
double mcnemar_exact(int only_a, int only_b);

// Is the mean of `differences` (new minus old, per question) above -margin? One-sided t-test of H0: mean <= -margin.
struct NonInferiority {
  double mean = 0, lower = 0, p = 1;  // `lower`: one-sided bound at `level`
  bool holds = false;
};
NonInferiority non_inferiority(std::span<const double> differences, double margin, double level = 0.95);

// Probability that at least one of k draws out of n, c of them right, is right: 1 - C(n-c, k) / C(n, k). Chen et al.
// 2021; unbiased.
double pass_at_k(int n, int c, int k);

// Least-squares non-decreasing fit (pool adjacent violators). `weights` may be empty: all 1.
std::vector<double> isotonic(std::span<const double> values, std::span<const double> weights = {});

// Holm 1979: adjusted p-values in the order given.
std::vector<double> holm(std::span<const double> p);

// Quantile of sorted values, linear between order statistics (NumPy's default).
double sorted_quantile(std::span<const double> sorted, double q);

}  // namespace reckon
