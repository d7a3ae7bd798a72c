#include "base/meters.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace reckon {
namespace {

std::optional<uint64_t> read_number(const std::string& file) {
  std::ifstream in(file);
  uint64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

// A processor package, and not one of its parts (intel-rapl:0:1), the whole platform (psys) or a second view of the
// same package (intel-rapl-mmio:0).
bool is_package(const std::filesystem::path& zone) {
  std::string folder = zone.filename().string(), name;
  std::ifstream(zone / "name") >> name;
  return folder.starts_with("intel-rapl:") && std::ranges::count(folder, ':') == 1 && name.starts_with("package");
}

}  // namespace

double process_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

int64_t unix_milliseconds() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string utc_time(int64_t unix_seconds) {
  auto time = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  char text[32];
  return {text, std::strftime(text, sizeof text, "%FT%TZ", gmtime_r(&time, &parts))};
}

EnergyMeter::EnergyMeter(const std::string& root) {
  std::error_code none;
  for (const auto& zone : std::filesystem::directory_iterator(root, none)) {
    if (!is_package(zone.path())) continue;
    auto now = read_number(zone.path() / "energy_uj");
    auto range = read_number(zone.path() / "max_energy_range_uj");
    if (!now || !range || *now > *range) {
      counters_.clear();
      break;
    }
    counters_.push_back({.file = zone.path() / "energy_uj", .last = *now, .range = *range});
  }
  readable_ = !counters_.empty();
}

std::optional<double> EnergyMeter::joules() {
  for (Counter& counter : counters_) {
    auto now = read_number(counter.file);
    if (!now) readable_ = false;
    if (!readable_) return std::nullopt;
    microjoules_ += *now >= counter.last ? *now - counter.last : counter.range - counter.last + *now;
    counter.last = *now;
  }
  if (!readable_) return std::nullopt;
  return 1e-6 * static_cast<double>(microjoules_);
}

}  // namespace reckon
