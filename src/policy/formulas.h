#pragma once

namespace reckon {

// The closed forms that stopping rules compare, on the vote counts v1 >= v2 of leader and runner-up and the `rest` of
// the draws (other and missing answers). Tables up to 64 draws, computed directly beyond. docs/policy.md derives them.

// P(Beta(v1 + 1, v2 + 1) > 1/2): how sure it is that the leader is ahead of the runner-up. Stability of the vote, never
// the probability of being right. Aggarwal et al. 2023 (Adaptive-Consistency).
double beta_stay(int v1, int v2);

// Probability that the vote is strictly lost to the runner-up at the end of k <= 16 more draws, the draws coming from
// the Polya urn (v1 + 1, v2 + 1, rest + 1).
double flip_probability(int v1, int v2, int rest, int k);

// The most vote flips per draw that buying k more draws can be expected to bring, over k in {1, 2, 4, 8, 16}.
double value_of_computation(int v1, int v2, int rest);

// ln of the e-value 2^(v1+v2+1) B(v1+1, v2+1) beta_stay(v1, v2) against "the runner-up is at least as likely as the
// leader"; a test supermartingale, so Ville's inequality holds at any stopping time.
double log_e_value(int v1, int v2);

}  // namespace reckon
