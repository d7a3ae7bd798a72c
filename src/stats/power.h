#pragma once

namespace reckon {

// Planning a paired comparison: both arms answer the same questions, `sd` is the standard deviation over questions of
// the difference of their scores, and a two-sided paired t-test at level `alpha` decides.

// Of two arms that are right or wrong once per question: `discordant` is the share of questions on which exactly one of
// them is right, `difference` the difference of their accuracies.
double paired_sd(double discordant, double difference);

// Probability of seeing a true `difference` with that many questions (>= 2).
double paired_power(double difference, double sd, int questions, double alpha = 0.05);
// Smallest number of questions whose power reaches `power`.
int questions_needed(double difference, double sd, double power = 0.8, double alpha = 0.05);
// Smallest difference seen with probability `power`.
double smallest_difference(double sd, int questions, double power = 0.8, double alpha = 0.05);

}  // namespace reckon
