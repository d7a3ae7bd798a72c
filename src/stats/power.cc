#include "stats/power.h"

#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include <reckon/error.h>

namespace reckon {
namespace {

void require(bool sound, const char* message) {
  if (!sound) throw Error(Code::invalid_request, message);
}

constexpr int kMostQuestions = 100'000'000;

}  // namespace

double paired_sd(double discordant, double difference) {
  require(discordant > 0 && discordant <= 1, "the share of questions on which the arms differ lies between 0 and 1");
  require(std::abs(difference) <= discordant,
          "the arms cannot differ in accuracy by more than the share of questions on which they differ");
  return std::sqrt(discordant - difference * difference);
}

double paired_power(double difference, double sd, int questions, double alpha) {
  require(sd > 0, "the standard deviation must be positive");
  require(questions >= 2, "a comparison needs at least two questions");
  require(alpha > 0 && alpha < 1, "alpha lies between 0 and 1");
  double shift = std::abs(difference) / sd * std::sqrt(questions);
  if (questions > 10'000) {  // the t distribution is normal to 4 digits, and its non-central form slow
    boost::math::normal normal;
    double critical = quantile(complement(normal, alpha / 2));
    return cdf(normal, shift - critical) + cdf(normal, -shift - critical);
  }
  double critical = quantile(complement(boost::math::students_t(questions - 1), alpha / 2));
  if (shift == 0) return alpha;
  boost::math::non_central_t shifted(questions - 1, shift);
  return cdf(complement(shifted, critical)) + cdf(shifted, -critical);
}

int questions_needed(double difference, double sd, double power, double alpha) {
  require(difference != 0, "a difference of 0 cannot be seen with any number of questions");
  require(power > alpha && power < 1, "power lies between alpha and 1");
  int low = 1, high = 2;
  while (paired_power(difference, sd, high, alpha) < power) {
    require(high < kMostQuestions, "more than 100 million questions would be needed");
    low = high, high *= 2;
  }
  while (high - low > 1) {
    int middle = low + (high - low) / 2;
    (paired_power(difference, sd, middle, alpha) < power ? low : high) = middle;
  }
  return high;
}

double smallest_difference(double sd, int questions, double power, double alpha) {
  require(power > alpha && power < 1, "power lies between alpha and 1");
  double low = 0, high = sd;
  while (paired_power(high, sd, questions, alpha) < power) low = high, high *= 2;
  for (int i = 0; i < 60; ++i) {
    double middle = (low + high) / 2;
    (paired_power(middle, sd, questions, alpha) < power ? low : high) = middle;
  }
  return high;
}

}  // namespace reckon
