#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>

#include "app/commands.h"

namespace reckon {
namespace {

struct Options {
  bool json = false;
};

int version(const Options& options) {
  if (!options.json) {
    fmt::print("reckon {}\n", RECKON_VERSION);
    return 0;
  }
  boost::json::object info{
      {"schema", "reckon.version/1"}, {"reckon", RECKON_VERSION}, {"compiler", __VERSION__}, {"standard", __cplusplus}};
  fmt::print("{}\n", boost::json::serialize(info));
  return 0;
}

}  // namespace

Command version_command() {
  auto options = std::make_shared<Options>();  // owned by both functions
  return {.name = "version",
          .summary = "Print the version.",
          .example = "reckon version --json",
          .declare = [options](Flags& flags) { flags.flag("--json", options->json, "As one JSON object."); },
          .run = [options] { return version(*options); }};
}

}  // namespace reckon
