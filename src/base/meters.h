#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace reckon {

double process_cpu_seconds();                // user and system time of all threads of this process
int64_t unix_milliseconds();                 // the calendar's time; for records, never for measuring
std::string utc_time(int64_t unix_seconds);  // "2026-11-25T09:00:00Z"

// Energy of the machine's processor packages, from the counters that Linux shows under /sys/class/powercap (RAPL). It
// includes whatever else runs on the machine. One thread.
class EnergyMeter {
 public:
  explicit EnergyMeter(const std::string& root = "/sys/class/powercap");
  // Since construction. Absent when any counter cannot be read: energy is never estimated. The counters wrap after some
  // 60,000 J; one wrap between two calls is noticed, so long runs must call it about once a minute.
  std::optional<double> joules();

 private:
  struct Counter {
    std::string file;
    uint64_t last = 0, range = 0;  // microjoules
  };
  std::vector<Counter> counters_;
  uint64_t microjoules_ = 0;
  bool readable_ = false;
};

// What this process takes from the machine between construction and a reading.
class Meters {
 public:
  Meters() : cpu_(process_cpu_seconds()) {}
  double cpu_seconds() const { return process_cpu_seconds() - cpu_; }
  std::optional<double> joules() { return energy_.joules(); }

 private:
  double cpu_;
  EnergyMeter energy_;
};

}  // namespace reckon
