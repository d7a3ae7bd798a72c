#include "base/meters.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace reckon {
namespace {

class Energy : public testing::Test {
 protected:
  Energy() { std::filesystem::remove_all(root_); }
  ~Energy() override { std::filesystem::remove_all(root_); }
  void zone(const std::string& folder, const std::string& name, uint64_t microjoules, uint64_t range = 1'000'000'000) {
    std::filesystem::create_directories(root_ / folder);
    std::ofstream(root_ / folder / "name") << name << "\n";
    std::ofstream(root_ / folder / "energy_uj") << microjoules << "\n";
    std::ofstream(root_ / folder / "max_energy_range_uj") << range << "\n";
  }
  const std::filesystem::path root_ =
      std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(Energy, IsAbsentWhereThereAreNoCounters) { EXPECT_EQ(EnergyMeter(root_).joules(), std::nullopt); }

TEST_F(Energy, AddsThePackagesAndNothingInsideOrAroundThem) {
  zone("intel-rapl:0", "package-0", 1'000'000);
  zone("intel-rapl:1", "package-1", 2'000'000);
  zone("intel-rapl:0:0", "core", 5);
  zone("intel-rapl:2", "psys", 5);
  zone("intel-rapl-mmio:0", "package-0", 5);
  EnergyMeter meter(root_);
  EXPECT_EQ(meter.joules(), 0.0);
  zone("intel-rapl:0", "package-0", 4'000'000);
  zone("intel-rapl:1", "package-1", 2'500'000);
  zone("intel-rapl:0:0", "core", 900'000'000);
  EXPECT_DOUBLE_EQ(*meter.joules(), 3.5);
}

TEST_F(Energy, SurvivesTheCountersWrap) {
  zone("intel-rapl:0", "package-0", 9'000'000, 10'000'000);
  EnergyMeter meter(root_);
  zone("intel-rapl:0", "package-0", 1'500'000, 10'000'000);
  EXPECT_DOUBLE_EQ(*meter.joules(), 2.5);
}

TEST_F(Energy, IsAbsentForGoodOnceACounterCannotBeRead) {
  zone("intel-rapl:0", "package-0", 1'000'000);
  zone("intel-rapl:1", "package-1", 1'000'000);
  EnergyMeter meter(root_);
  std::filesystem::remove(root_ / "intel-rapl:1" / "energy_uj");
  EXPECT_EQ(meter.joules(), std::nullopt);
  zone("intel-rapl:1", "package-1", 2'000'000);
  EXPECT_EQ(meter.joules(), std::nullopt);
}

TEST(CpuSeconds, GrowWithWork) {
  Meters meters;
  volatile double x = 1;
  while (meters.cpu_seconds() == 0) x = x * 1.0000001;
  EXPECT_GT(meters.cpu_seconds(), 0);
}

}  // namespace
}  // namespace reckon
