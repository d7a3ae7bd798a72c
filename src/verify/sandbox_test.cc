#include "verify/sandbox.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

namespace reckon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const Sandbox& sandbox() {
  static const Sandbox one;
  return one;
}

// What attacks on the sandbox come to. Where this machine has no sandbox only the refusal can be checked.
class Attack : public testing::Test {
 protected:
  void SetUp() override {
    if (!sandbox().unavailable().empty())
      GTEST_SKIP() << "only the refusal to run anything was checked: " << sandbox().unavailable();
  }
  // The limit on time is for what hangs, except where a test gives its own.
  static RunResult python(const std::string& program, Limits limits = {.wall_seconds = 120}) {
    return sandbox().run({.argv = {"/usr/bin/python3", "-s", "-c", program}, .limits = limits});
  }
};

TEST(Sandbox, RunsNothingWithoutBubblewrap) {
  Sandbox none({.bwrap = "/nowhere/bwrap"});
  EXPECT_THAT(none.unavailable(), HasSubstr("/nowhere/bwrap is missing"));
  RunResult result = none.run({.argv = {"/usr/bin/true"}});
  EXPECT_EQ(result.end, RunEnd::unavailable);
  EXPECT_EQ(result.reason, none.unavailable());
}

TEST(Sandbox, RunsNothingWhenNamespacesAreRefused) {
  Sandbox none({.bwrap = "/usr/bin/false"});  // ends like a bubblewrap that may not make namespaces
  EXPECT_THAT(none.unavailable(), HasSubstr("does not let bubblewrap make a sandbox"));
  EXPECT_EQ(none.run({.argv = {"/usr/bin/true"}}).end, RunEnd::unavailable);
}

TEST(Sandbox, ReadsTheExitCodeFromBubblewrapsReportOnly) {
  EXPECT_EQ(parse_exit_code("{ \"child-pid\": 7 }\n{ \"exit-code\": 3 }\n"), 3);
  EXPECT_EQ(parse_exit_code("{ \"child-pid\": 7 }\n"), std::nullopt);
  EXPECT_EQ(parse_exit_code("nonsense"), std::nullopt);
}

TEST_F(Attack, NoneIsNeededForOrdinaryWork) {
  SandboxJob job{.argv = {"/bin/sh", "-c", "cat; cat data.txt; echo wrong >&2; exit 3"},
                 .input = "given ",
                 .files = {{"data.txt", "file"}}};
  RunResult result = sandbox().run(job);
  EXPECT_EQ(result.end, RunEnd::exited);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.output, "given file");
  EXPECT_EQ(result.errors, "wrong\n");
}

TEST_F(Attack, ForkBombStopsAtTheProcessCeiling) {
  RunResult result = python(
      "import os, time\n"
      "made = 0\n"
      "try:\n"
      "  while True:\n"
      "    if os.fork() == 0: time.sleep(60)\n"
      "    made += 1\n"
      "except BlockingIOError: print('made', made)\n");
  EXPECT_EQ(result.end, RunEnd::exited);
  ASSERT_TRUE(result.output.starts_with("made ")) << result.output << result.errors;
  EXPECT_LE(std::atoi(result.output.c_str() + 5), 64);
}

TEST_F(Attack, TenGigabytesAreRefused) {
  RunResult result = python("x = bytearray(10 << 30)");
  EXPECT_EQ(result.end, RunEnd::exited);
  EXPECT_THAT(result.errors, HasSubstr("MemoryError"));
}

TEST_F(Attack, MemoryOfManyProcessesIsSummed) {
  RunResult result = python(
      "import os, time\n"
      "for i in range(20): os.fork() == 0 and (bytearray(b'x') * (100 << 20), time.sleep(60))\n"
      "time.sleep(60)");
  EXPECT_EQ(result.end, RunEnd::out_of_memory);
  EXPECT_THAT(result.reason, HasSubstr("512 MiB"));
}

TEST_F(Attack, EndlessOutputIsCut) {
  RunResult result = python("while True: print('x' * 1000)");
  EXPECT_EQ(result.end, RunEnd::output_limit);
  EXPECT_LT(result.output.size(), 2u << 20);
}

TEST_F(Attack, SleepEndsAtTheTimeLimit) {
  RunResult result = python("import time; time.sleep(1000)", {.wall_seconds = 0.5});
  EXPECT_EQ(result.end, RunEnd::timeout);
  EXPECT_THAT(result.reason, HasSubstr("0.5 seconds"));
}

TEST_F(Attack, CpuTimeIsLimited) {
  RunResult result = python("while True: pass", {.wall_seconds = 120, .cpu_seconds = 1});
  EXPECT_EQ(result.end, RunEnd::timeout) << name(result.end) << result.exit_code;
  EXPECT_THAT(result.reason, HasSubstr("CPU time"));
}

TEST_F(Attack, FillingTheDiskFails) {
  RunResult result = python(
      "for i in range(9):\n"
      "  with open(str(i), 'wb') as f: f.write(bytes(60 << 20))");
  EXPECT_THAT(result.errors, HasSubstr("No space left on device"));
}

TEST_F(Attack, NetworkIsClosed) {
  RunResult result = python(
      "import socket\n"
      "for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET):\n"
      "  try: socket.socket(family, socket.SOCK_RAW if family > 10 else socket.SOCK_STREAM); print('open')\n"
      "  except PermissionError: print('closed')\n");
  EXPECT_EQ(result.output, "closed\nclosed\nclosed\nclosed\n") << result.errors;
}

TEST_F(Attack, EnvironmentAndHomeAreNotThere) {
  setenv("RECKON_SECRET", "s3cret", 1);
  RunResult result = python(
      "import os\n"
      "print(sorted(os.environ))\n"
      "print([p for p in ('/home', '/root', '/etc/passwd', '/proc', '/sys', '/var', '/run') if os.path.exists(p)])\n"
      "print(os.getuid(), os.uname().nodename)");
  EXPECT_EQ(
      result.output,
      "['HOME', 'LANG', 'PATH', 'PWD', 'PYTHONDONTWRITEBYTECODE', 'PYTHONHASHSEED', 'TMPDIR']\n[]\n1000 sandbox\n")
      << result.errors;
}

TEST_F(Attack, NothingOutsideTheWorkFolderCanBeWritten) {
  RunResult result = python(
      "import os\n"
      "for path in ('/x', '/usr/x', '/usr/bin/python3', '/dev/x', '/bin/x', '/work/../x', '/lib/x'):\n"
      "  try: open(path, 'ab'); print('wrote', path)\n"
      "  except OSError: pass\n"
      "open('/work/mine', 'w'); open('/tmp/mine', 'w'); print('done')\n");
  EXPECT_EQ(result.output, "done\n") << result.errors;
}

TEST_F(Attack, SymbolicLinksLeadNowhere) {
  fs::path secret = fs::path(testing::TempDir()) / "reckon_sandbox_secret";
  {
    std::ofstream(secret) << "s3cret";
  }
  RunResult result = python(
      "import os\n"
      "os.symlink('" +
      secret.string() +
      "', 'link'); os.symlink('/proc/1/root', 'root')\n"
      "for p in ('link', 'root', '/proc/1/environ', '/proc/self/mem'):\n"
      "  try: open(p); print('opened', p)\n"
      "  except OSError: pass\n");
  EXPECT_EQ(result.output, "") << result.errors;
  fs::remove(secret);
}

TEST_F(Attack, OnlyTheStandardStreamsAreOpen) {
  RunResult result = python(
      "import os\n"
      "found = []\n"
      "for fd in range(64):\n"
      "  try: os.fstat(fd); found.append(fd)\n"
      "  except OSError: pass\n"
      "print(found)");
  EXPECT_EQ(result.output, "[0, 1, 2]\n");
}

TEST_F(Attack, KillingTheParentKillsNobodyElse) {
  RunResult result = python(
      "import os, signal\n"
      "for pid in (os.getppid(), 1, 0x7fff): \n"
      "  try: os.kill(pid, signal.SIGKILL)\n"
      "  except OSError: pass\n"
      "print('alive', os.getppid())\n");
  EXPECT_EQ(result.end, RunEnd::exited);
  EXPECT_EQ(result.output, "alive 1\n");
  RunResult all = python("import os; os.kill(-1, 9); print('alive')");
  EXPECT_EQ(all.end, RunEnd::exited);
  EXPECT_EQ(sandbox().run({.argv = {"/usr/bin/true"}}).exit_code, 0);
}

TEST_F(Attack, ForbiddenSystemCallsAreReported) {
  for (const char* call :
       {"libc.ptrace(0, 0, 0, 0)", "libc.unshare(0x10000000)", "libc.mount(b'x', b'/work', b'tmpfs', 0, None)",
        "libc.syscall(321, 0, 0, 0)", "libc.syscall(56, 0x10000011, 0, 0, 0, 0)"}) {
    RunResult result = python(std::string("import ctypes; libc = ctypes.CDLL(None); ") + call);
    EXPECT_EQ(result.end, RunEnd::refused) << call << ": " << name(result.end) << " " << result.errors;
  }
}

TEST_F(Attack, GivenFilesCannotBeChanged) {
  SandboxJob job{
      .argv = {"/bin/sh", "-c", "echo x > tests.py; rm -f tests.py; mv tests.py y; chmod 777 tests.py; cat tests.py"},
      .files = {{"tests.py", "assert f() == 1"}}};
  EXPECT_EQ(sandbox().run(job).output, "assert f() == 1");
}

TEST_F(Attack, NothingStaysBehind) {
  const std::string mark = "reckon_left_behind_" + std::to_string(getpid());
  auto processes = [&] {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      std::ifstream in(entry.path() / "cmdline");
      std::string line;
      std::getline(in, line);
      if (line.find(mark) != std::string::npos) found.insert(entry.path());
    }
    return found;
  };
  RunResult result = python("import os, time  # " + mark +
                                "\nos.fork(); os.setsid() if os.getpid() > 3 else 0\n"
                                "time.sleep(1000)",
                            {.wall_seconds = 0.3});
  EXPECT_EQ(result.end, RunEnd::timeout);
  for (int i = 0; i < 6000 && !processes().empty(); ++i) usleep(20000);
  EXPECT_TRUE(processes().empty());
}

}  // namespace
}  // namespace reckon
