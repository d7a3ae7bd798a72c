#include "base/append_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <reckon/error.h>

namespace reckon {
namespace {

class AppendFileTest : public testing::Test {
 protected:
  std::string content() {
    std::ifstream in(path_);
    return (std::stringstream() << in.rdbuf()).str();
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string path_ =
      testing::TempDir() + "append_file_test_" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(AppendFileTest, CutsOffATornLastLineAndGoesOn) {
  std::ofstream(path_) << "one\ntwo\nthr";
  AppendFile file(path_);
  file.append("three");
  EXPECT_EQ(content(), "one\ntwo\nthree\n");
}

TEST_F(AppendFileTest, CutsOffATornLineLongerThanItsBuffer) {
  std::ofstream(path_) << "one\n" << std::string(10'000, 'x');
  AppendFile file(path_);
  EXPECT_EQ(content(), "one\n");
}

TEST_F(AppendFileTest, RefusesASecondWriter) {
  AppendFile file(path_);
  EXPECT_THROW(AppendFile second(path_), Error);
}

TEST_F(AppendFileTest, AFullDiskLeavesWholeLinesOnly) {
  AppendFile file(path_);
  file.append("kept");
  struct rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit full{8, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  EXPECT_THROW(file.append("a line that does not fit"), Error);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(content(), "kept\n");
  file.append("again");
  EXPECT_EQ(content(), "kept\nagain\n");
}

TEST_F(AppendFileTest, SaysWhereItCannotWrite) {
  try {
    AppendFile file("/proc/nowhere/file");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.code()), 3);
    EXPECT_NE(std::string(error.what()).find("/proc/nowhere/file"), std::string::npos);
  }
}

}  // namespace
}  // namespace reckon
