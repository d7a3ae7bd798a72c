#pragma once
#include <string>
#include <string_view>

#include <reckon/question.h>

namespace reckon {

struct Calibration;

// Strategies whose stopping rule is chosen by something else than their own text. All take and give the text of a
// strategy; what is not theirs to change (waves, caps) stays.

// Whether a price from outside may move this strategy: adaptive:rule=voc without a lambda of its own.
bool takes_price(std::string_view strategy);
// The same strategy at this price, in vote flips per draw. Throws Error{invalid_request} where it takes none.
std::string priced(std::string_view strategy, double price);

struct Calibrated {
  std::string strategy;  // with the calibrated rule, or as it was
  std::string note;  // for the receipt: what the calibration did, or why it was not used; "" for no adaptive strategy
  bool used = false;
};
// An adaptive strategy that names a preset, or nothing (which is balanced), gets the calibrated rule in its place where
// model and kind of answer match.
Calibrated calibrated(std::string_view strategy, const Calibration& calibration, std::string_view model, TaskKind task);

}  // namespace reckon
