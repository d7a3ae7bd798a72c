#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <reckon/options.h>
#include <reckon/policy.h>

namespace reckon {

struct PolicyInfo {
  std::string name, summary;
  std::vector<OptionInfo> options;  // none for a preset
};
std::vector<PolicyInfo> policy_catalog();  // rules first, then presets

// Buys draws while a flip of the vote is worth more than `price` flips per draw.
std::unique_ptr<Policy> priced_policy(double price, int cap);

}  // namespace reckon
