#pragma once

namespace reckon {

// The processors this process may use.
struct CpuCores {
  int logical = 1;
  int physical = 1;  // of those, counting hyper-threads of one core once
  double quota = 0;  // processors' worth of time that a container allows; 0: no limit
  double idle = 1;   // logical processors that were idle while we looked, for about 50 ms
};

CpuCores cpu_cores();

int usable_cores(const CpuCores& cores);  // physical cores within the quota, at least one
// Threads for the engine to begin with: the usable cores that are really free, at least one.
int free_cores(const CpuCores& cores);

}  // namespace reckon
