#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <reckon/options.h>
#include <reckon/strategy.h>

namespace reckon {

struct StrategyEntry {
  std::string name;
  std::string help;  // one line
  std::vector<OptionInfo> options;
  std::function<std::unique_ptr<Strategy>(const std::map<std::string, std::string>&)> make;
};

// The only list of strategies. Adding one: two files and a test in this folder, one line in catalog.cc, and
// `reckon signature --update`.
std::vector<StrategyEntry> builtin_strategies();

// "self-consistency:samples=8". Throws Error{invalid_request} with a suggestion for an unknown name or option.
std::unique_ptr<Strategy> make_strategy(std::string_view text);
std::unique_ptr<Strategy> make_strategy(const Spec& spec);

}  // namespace reckon
