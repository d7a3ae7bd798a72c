#include "stats/power.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include <reckon/error.h>

#include "app/commands.h"

namespace reckon {
namespace {

struct Options {
  double points = 1, discordant = 10, power = 80, alpha = 5;
  std::optional<double> sd;
  int questions = 0;
};

int power(const Options& o) {
  double difference = o.points / 100;
  double sd = o.sd ? *o.sd / 100 : paired_sd(o.discordant / 100, difference);
  double wanted = o.power / 100, alpha = o.alpha / 100;
  std::string spread = o.sd ? fmt::format("differences with a standard deviation of {} points", *o.sd)
                            : fmt::format("arms that disagree on {} % of the questions", o.discordant);
  fmt::print("{} questions show a difference of {} points with {} % power at the {} % level, for {}.\n",
             questions_needed(difference, sd, wanted, alpha), o.points, o.power, o.alpha, spread);
  if (o.questions > 0)
    fmt::print(
        "With {} questions the power is {:.1f} %, and the smallest difference seen with {} % power is {:.2f} points.\n",
        o.questions, 100 * paired_power(difference, sd, o.questions, alpha), o.power,
        100 * smallest_difference(sd, o.questions, wanted, alpha));
  return 0;
}

}  // namespace

Command power_command() {
  auto o = std::make_shared<Options>();  // owned by the two functions below
  return {.name = "power",
          .summary = "How many questions a comparison needs.",
          .example = "reckon power --points 1 --discordant 8 --questions 500",
          .declare =
              [o](Flags& f) {
                f.option("--points", o->points, "The difference in accuracy to see, in points.");
                f.option("--discordant", o->discordant, "Percent of questions on which exactly one arm is right.");
                f.option("--sd", o->sd, "Instead: standard deviation of the per-question difference, in points.");
                f.option("--power", o->power, "Chance of seeing it, in percent.");
                f.option("--alpha", o->alpha, "Level of the two-sided test, in percent.");
                f.option("--questions", o->questions, "Also say what this many questions can see.");
              },
          .run = [o] { return power(*o); }};
}

}  // namespace reckon
