#include "base/paths.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include <reckon/error.h>

namespace reckon {
namespace {
std::filesystem::path xdg(const char* variable, const char* below_home) {
  // The specification: a relative path is to be ignored.
  if (const char* set = std::getenv(variable); set && set[0] == '/') return std::filesystem::path(set) / "reckon";
  return home_folder() / below_home / "reckon";
}
}  // namespace

std::filesystem::path home_folder() {
  if (const char* home = std::getenv("HOME"); home && *home) return home;
  throw Error(Code::environment, "HOME is not set; set it, or XDG_DATA_HOME and XDG_CACHE_HOME");
}
std::filesystem::path data_folder() { return xdg("XDG_DATA_HOME", ".local/share"); }
std::filesystem::path cache_folder() { return xdg("XDG_CACHE_HOME", ".cache"); }

void make_folder(const std::filesystem::path& folder) {
  std::error_code why;
  std::filesystem::create_directories(folder, why);
  if (why)
    throw Error(Code::environment, fmt::format("cannot create the folder {}: {}", folder.string(), why.message()));
}

}  // namespace reckon
