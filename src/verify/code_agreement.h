#pragma once
#include <string>
#include <vector>

namespace reckon {

// Choosing among programs by tests that a model wrote itself, of which many are wrong: dual execution agreement (CodeT,
// Chen et al. 2022, arXiv:2207.10397, section 2.2). Programs with the same outcome of every test form a cluster, scored
// sqrt(programs in it) * tests held (the square root as in the authors' code): many programs that agree with one
// another and with many tests are probably right.

// One row per program, one character per test: '1' it holds; any other character is a way not to hold (0 fails, e
// error, t timeout, ...).
using OutcomeRows = std::vector<std::string>;

struct AgreementScore {
  int cluster = 0;  // programs with equal rows, numbered in the order of their first program
  int held = 0;     // tests
  double score = 0;
};
// One score per program. Programs that do not run hold nothing and score 0.
// Throws Error{invalid_request} when rows have different lengths.
std::vector<AgreementScore> agreement_scores(const OutcomeRows& rows);

// The programs of the best cluster, in order; of equal ones the first. Empty when no program holds any test.
std::vector<int> best_cluster(const std::vector<AgreementScore>& scores);

}  // namespace reckon
