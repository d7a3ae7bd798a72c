#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "policy/calibration.h"

namespace reckon {

// The options that choose stopping rules from outside a strategy's text, shared by solve, eval and serve.
struct PolicyFlags {
  std::optional<double> price;
  std::string calibration;

  void declare_price(Flags& flags);
  void declare_calibration(Flags& flags);
  // What the strategies become under --price; none given: the priced strategy alone. Throws Error{invalid_request} if
  // none takes a price.
  std::vector<std::string> strategies(std::vector<std::string> given) const;
  std::optional<Calibration> read_calibration() const;  // none when not asked for; throws Error
};

}  // namespace reckon
