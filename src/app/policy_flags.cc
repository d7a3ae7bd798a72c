#include "app/policy_flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "eval/text_file.h"
#include "strategy/tune.h"

#include <reckon/error.h>

namespace reckon {

void PolicyFlags::declare_price(Flags& flags) {
  flags.option("--price", price, "What a draw must bring, in vote flips, for adaptive:rule=voc.");
}

void PolicyFlags::declare_calibration(Flags& flags) {
  flags.option("--calibration", calibration, "File of reckon calibrate, for adaptive strategies where it matches.");
}

std::vector<std::string> PolicyFlags::strategies(std::vector<std::string> given) const {
  if (!price) return given;
  if (given.empty()) given = {"adaptive:rule=voc"};
  if (std::ranges::none_of(given, takes_price))
    throw Error(Code::invalid_request,
                fmt::format("--price {} is for adaptive:rule=voc without a lambda of its own, not {}", *price,
                            fmt::join(given, ", ")));
  for (std::string& strategy : given)
    if (takes_price(strategy)) strategy = priced(strategy, *price);
  return given;
}

std::optional<Calibration> PolicyFlags::read_calibration() const {
  if (calibration.empty()) return std::nullopt;
  try {
    return parse_calibration(read_text_file(calibration));
  } catch (const Error& error) {
    if (error.code() == Code::not_found) throw;
    throw Error(error.code(), fmt::format("{}: {}", calibration, error.what()));
  }
}

}  // namespace reckon
