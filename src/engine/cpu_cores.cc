#include "engine/cpu_cores.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>

namespace reckon {
namespace {

std::set<int> allowed() {
  std::set<int> cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &set)) cpus.insert(cpu);
  if (cpus.empty())
    for (int cpu = 0; cpu < static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); ++cpu)
      cpus.insert(cpu);
  return cpus;
}

std::string line_of(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

double quota() {  // cgroup v2 "max 100000" or "150000 100000", else v1
  std::istringstream v2(line_of("/sys/fs/cgroup/cpu.max"));
  std::string limit;
  double period = 0;
  if (v2 >> limit >> period && limit != "max" && period > 0) return std::stod(limit) / period;
  double v1_limit = 0, v1_period = 0;
  std::istringstream(line_of("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")) >> v1_limit;
  std::istringstream(line_of("/sys/fs/cgroup/cpu/cpu.cfs_period_us")) >> v1_period;
  return v1_limit > 0 && v1_period > 0 ? v1_limit / v1_period : 0;
}

double idle_ticks(const std::set<int>& cpus, double& total) {  // /proc/stat: user nice system idle iowait irq softirq
  std::ifstream file("/proc/stat");
  double idle = 0;
  total = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("cpu") || line.size() < 4 || line[3] < '0' || line[3] > '9') continue;
    std::istringstream fields(line.substr(3));
    int cpu = 0;
    fields >> cpu;
    if (!cpus.contains(cpu)) continue;
    double value = 0;
    for (int i = 0; fields >> value && i < 8; ++i) {
      total += value;
      if (i == 3 || i == 4) idle += value;
    }
  }
  return idle;
}

}  // namespace

CpuCores cpu_cores() {
  std::set<int> cpus = allowed();
  CpuCores cores;
  cores.logical = static_cast<int>(cpus.size());
  std::set<std::string> physical;
  for (int cpu : cpus) {
    std::string topology = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    std::string core = line_of(topology + "core_id");
    physical.insert(core.empty() ? std::to_string(cpu) : line_of(topology + "physical_package_id") + ":" + core);
  }
  cores.physical = static_cast<int>(physical.size());
  cores.quota = quota();
  double total_before = 0, total_after = 0;
  double idle_before = idle_ticks(cpus, total_before);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  double idle_after = idle_ticks(cpus, total_after);
  cores.idle = total_after > total_before ? cores.logical * (idle_after - idle_before) / (total_after - total_before)
                                          : cores.logical;
  return cores;
}

int usable_cores(const CpuCores& cores) {
  int most = cores.physical;
  if (cores.quota > 0) most = std::min(most, static_cast<int>(std::floor(cores.quota)));
  return std::max(1, most);
}

int free_cores(const CpuCores& cores) {
  // 50 ms are a rough measure: round up from a quarter.
  return std::clamp(static_cast<int>(std::round(cores.idle + 0.25)), 1, usable_cores(cores));
}

}  // namespace reckon
