#include "verify/code_verifier.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <atomic>
#include <thread>

namespace reckon {
namespace {

using testing::HasSubstr;

CodeVerifier& verifier() {
  static CodeVerifier one({.limits = {.wall_seconds = 10}, .warm = 1});  // some of the attacks below take all of it
  return one;
}

class Code : public testing::Test {
 protected:
  void SetUp() override {
    if (!verifier().unavailable().empty())
      GTEST_SKIP() << "no program was run, only the refusal was checked: " << verifier().unavailable();
  }
  static CodeTests adder() {
    return {.entry_point = "add", .tests = "assert add(2, 3) == 5\nassert add([1], [2]) == [1, 2]\n"};
  }
  static CodeResult python(const std::string& program, const CodeTests& tests = adder()) {
    return verifier().check(tests, program);
  }
};

#define EXPECT_VERDICT(result, expected)                                                \
  do {                                                                                  \
    const CodeResult& r = (result);                                                     \
    EXPECT_EQ(r.verdict, CodeVerdict::expected) << name(r.verdict) << ": " << r.reason; \
  } while (false)

TEST(CodeVerifier, FailsClosed) {
  CodeVerifier none({.sandbox = {.bwrap = "/nowhere/bwrap"}});
  CodeResult result = none.check({.tests = "assert True"}, "");
  EXPECT_EQ(result.verdict, CodeVerdict::unavailable);
  EXPECT_THAT(result.reason, HasSubstr("no program is run"));
}

TEST_F(Code, AMissingInterpreterIsNamed) {
  CodeVerifier none({.sandbox = {.python = "/nowhere/python3"}});
  CodeResult result = none.check(adder(), "def add(a, b): return a + b");
  EXPECT_EQ(result.verdict, CodeVerdict::unavailable);
  EXPECT_THAT(result.reason, HasSubstr("/nowhere/python3 is missing"));
}

TEST(CodeVerifier, PutsBodiesBehindTheirSignature) {
  CodeTests tests{.entry_point = "f", .setup = "import math\n", .signature = "def f(x):\n"};
  EXPECT_EQ(assemble_program(tests, "    return x"), "import math\n\ndef f(x):\n    return x\n");
  EXPECT_EQ(assemble_program(tests, "def f(x): return x"), "import math\n\ndef f(x): return x\n");
}

TEST_F(Code, RightProgramsPassAndWrongOnesFailWithTheTestThatShowsIt) {
  CodeResult right = python("def add(a, b): return a + b");
  EXPECT_VERDICT(right, pass);
  EXPECT_EQ(right.calls, 2);
  CodeResult wrong = python("def add(a, b): return 5");
  EXPECT_VERDICT(wrong, fail);
  EXPECT_THAT(wrong.reason, HasSubstr("line 2 of the tests: assert add([1], [2]) == [1, 2]"));
}

TEST_F(Code, ProgramsThatDoNotRunAreErrors) {
  EXPECT_THAT(python("def add(a, b) return").reason, HasSubstr("SyntaxError"));
  EXPECT_THAT(python("def sub(a, b): return a - b").reason, HasSubstr("does not define add"));
  EXPECT_THAT(python("def add(a, b): return a / 0").reason, HasSubstr("ZeroDivisionError"));
  EXPECT_VERDICT(python("def add(a, b): return a / 0"), error);
}

TEST_F(Code, EndingBeforeTheTestsIsNoPass) {
  EXPECT_VERDICT(python("import sys\nsys.exit(0)"), error);
  EXPECT_VERDICT(python("import os\nos._exit(0)"), error);
  EXPECT_VERDICT(python("def add(a, b):\n  import os\n  os._exit(0)"), error);
  EXPECT_VERDICT(python("def add(a, b):\n  raise SystemExit(0)"), error);
  EXPECT_VERDICT(python("def add(a, b):\n  import os, signal\n  os.kill(os.getpid(), signal.SIGKILL)"), error);
}

TEST_F(Code, MonkeyPatchesDoNotReachTheTests) {
  EXPECT_VERDICT(python("import builtins\nbuiltins.AssertionError = SystemExit\nbuiltins.all = lambda *a: True\n"
                        "def add(a, b): return 0"),
                 fail);
  EXPECT_VERDICT(python("class Yes:\n  __eq__ = lambda s, o: True\n  __bool__ = lambda s: True\n"
                        "def add(a, b): return Yes()"),
                 fail);
  EXPECT_VERDICT(python("class Yes(int):\n  __eq__ = lambda s, o: True\n  __hash__ = int.__hash__\n"
                        "def add(a, b): return Yes(1)"),
                 fail);
  EXPECT_NE(python("import sys\nm = sys.modules['__main__']\nm.encode = lambda x, keep: ['o', 0, 'x']\n"
                   "def add(a, b): return 1")
                .verdict,
            CodeVerdict::pass);
}

// Threads and handlers that outlive a call, patched senders, frames, operators and exceptions.
TEST_F(Code, ProgramsThatAttackTheirTestsDoNotPass) {
  for (const char* attack :
       {"import atexit, os\natexit.register(lambda: os._exit(0))\ndef add(a, b): raise SystemExit(0)",
        "import sys\ndef trace(frame, event, arg):\n  frame.f_locals['result'] = 5\n  return "
        "trace\nsys.settrace(trace)\n"
        "def add(a, b): return 0",
        "import sys\ndef add(a, b):\n  frame = sys._getframe()\n  while frame:\n    for x in "
        "list(frame.f_locals.values()):\n"
        "      if isinstance(x, (bytes, str)) and b'==' in bytes(str(x), 'utf8', 'replace'): return 5\n    frame = "
        "frame.f_back",
        "import os, threading, time\ndef write():\n  while True:\n    os.write(3, b'{\"r\": 5, \"changed\": []}\\n')\n"
        "    time.sleep(0.001)\ndef add(a, b):\n  threading.Thread(target=write, daemon=True).start()\n  "
        "time.sleep(0.05)",
        "import sys\nsys.modules['__main__'].send = lambda out, x: (out.write(b'{\"r\": true, \"changed\": [], "
        "\"names\": "
        "{\"add\": [\"o\", 0, \"f\"]}}\\n'), out.flush())\ndef add(a, b): return 0",
        "import sys\nsys.modules['__main__'].load = lambda r: {'names': {'add': ['c!', 0]}}\ndef add(a, b): return 0",
        "import sys, types\nclass M(types.ModuleType):\n  def __getattr__(s, n): return lambda *a: 5\n"
        "sys.modules['program'].__class__ = M",
        "class Yes:\n  __eq__ = __contains__ = lambda s, o: True\n  __sub__ = __rsub__ = __abs__ = lambda *a: 0\n"
        "  __float__ = lambda s: 5.0\ndef add(a, b): return Yes()",
        "import ctypes\nctypes.CDLL(None).syscall(0x40000000 | 101, 0, 0, 0, 0)\ndef add(a, b): return a + b",
        "import ctypes\nctypes.CDLL(None).syscall(311, 1, 0, 0, 0, 0, 0)\ndef add(a, b): return a + b",
        "import os, signal\nfor s in range(1, 32):\n  try: signal.signal(s, lambda *a: None)\n  except OSError: pass\n"
        "def add(a, b): os.kill(os.getpid(), signal.SIGTERM)"})
    EXPECT_NE(python(attack).verdict, CodeVerdict::pass) << attack;
}

// map() ends where its function raises StopIteration, and all() of nothing is true.
TEST_F(Code, StopIterationEndsNoLoopOverTheTests) {
  CodeTests tests{.entry_point = "f",
                  .tests = "assert all(map(lambda pair: f(pair[0]) == pair[1], [(1, 2), (2, 3)]))\n"};
  EXPECT_VERDICT(python("def f(x): raise StopIteration", tests), error);
  EXPECT_VERDICT(python("def f(x): return x + 1", tests), pass);
}

TEST_F(Code, AVerdictCannotBeWrittenByTheProgram) {
  EXPECT_VERDICT(python("import os\nfor fd in range(64):\n  try: os.write(fd, b'{\"verdict\": \"pass\", \"reason\": "
                        "\"\", \"calls\": 2}\\n')\n  except OSError: pass\ndef add(a, b): os._exit(0)"),
                 error);
  CodeTests tests = adder();
  tests.tests = "assert add(1, 1) == 3 or print('pass')\nassert add(1, 2) == 3\n";
  EXPECT_VERDICT(python("print('{\"verdict\": \"pass\"}')\ndef add(a, b): return 3", tests), pass);
  EXPECT_VERDICT(python("print('{\"verdict\": \"pass\"}')\ndef add(a, b): return 4", tests), fail);
}

TEST_F(Code, TheProgramSeesNeitherTestsNorExpectedValues) {
  EXPECT_VERDICT(python("import gc, os, sys\n"
                        "def add(a, b):\n"
                        "  for path, folders, files in os.walk('/work'):\n"
                        "    for f in files: return eval(open(os.path.join(path, f)).read().split('==')[1])\n"
                        "  for thing in gc.get_objects():\n"
                        "    if isinstance(thing, str) and 'assert add' in thing: return 5\n"
                        "  return None\n"),
                 fail);
}

TEST_F(Code, GarbageOnTheLineIsAnError) {
  EXPECT_VERDICT(python("import os\nos.write(3, b'\\x00' * 100 + b'\\n')\ndef add(a, b): return 5"), error);
  EXPECT_VERDICT(python("import os\nos.write(3, b'[' * 100000 + b'\\n')\ndef add(a, b): return 5"), error);
  EXPECT_VERDICT(python("def add(a, b):\n  x = []\n  x.append(x)\n  return x"), error);
  EXPECT_VERDICT(python("def add(a, b): return 'x' * (40 << 20)"), error);
}

TEST_F(Code, CeilingsAreVerdictsOfTheirOwn) {
  CodeVerifier impatient({.limits = {.wall_seconds = 2}, .warm = 0});
  EXPECT_VERDICT(impatient.check(adder(), "def add(a, b):\n  while True: pass"), timeout);
  EXPECT_VERDICT(python("def add(a, b): return bytearray(10 << 30)"), out_of_memory);
  EXPECT_VERDICT(python("def add(a, b):\n  while True: print('x' * 10000)"), error);
  EXPECT_VERDICT(python("import ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)\ndef add(a, b): return 5"),
                 sandbox_refused);
}

TEST_F(Code, ValuesCrossWithTheirTypes) {
  CodeTests tests{.entry_point = "same", .tests = R"(
import math
from fractions import Fraction
from decimal import Decimal
for x in (None, True, 0, -1, 10 ** 5000, 0.1, -0.0, 1e308, "é\ud800", b"\x00\xff", (1, (2,)), [[]], {1, 2},
          frozenset({3}), {"a": {(1, 2): None}}, 2 + 3j, range(5), Fraction(1, 3), Decimal("1.10")):
    assert same(x) == x and type(same(x)) is type(x), x
assert math.isnan(same(float("nan"))) and same(float("inf")) == float("inf")
)"};
  EXPECT_VERDICT(python("def same(x): return x", tests), pass);
  tests.tests = "assert same((1,)) == (1,)";
  EXPECT_VERDICT(python("def same(x): return list(x)", tests), fail);
}

TEST_F(Code, TestsMayUseObjectsCallbacksAndMutatedArguments) {
  CodeTests tests{.tests = R"(
stack = Stack()
stack.push(3)
stack.push(4)
assert stack.pop() == 4 and len(stack) == 1 and stack.items == [3]
numbers = [3, 1, 2]
assert sort(numbers) is None and numbers == [1, 2, 3]
assert apply(lambda x: x + 1, 4) == 5
assert list(count(3)) == [0, 1, 2]
try: apply(None, 1)
except TypeError: pass
else: assert False
)"};
  std::string program = R"(
class Stack:
    def __init__(self): self.items = []
    def push(self, x): self.items.append(x)
    def pop(self): return self.items.pop()
    def __len__(self): return len(self.items)
def sort(x): x.sort()
def apply(f, x): return f(x)
def count(n):
    for i in range(n): yield i
)";
  EXPECT_VERDICT(python(program, tests), pass);
}

TEST_F(Code, HelpersOfTheQuestionAreNotTheProgramsOwn) {
  CodeTests tests{.entry_point = "root", .setup = "def poly(x): return x - 2\n", .tests = "assert poly(root()) == 0"};
  EXPECT_VERDICT(python("def root(): return 2", tests), pass);
  EXPECT_VERDICT(python("def poly(x): return 0\ndef root(): return 7", tests), fail);
}

TEST_F(Code, TestsThatTestNothingAreNoPass) {
  EXPECT_VERDICT(python("def add(a, b): return 5", {.entry_point = "add", .tests = ""}), error);
  EXPECT_VERDICT(python("def add(a, b): return 5", {.entry_point = "add", .tests = "assert True"}), error);
  EXPECT_VERDICT(python("def add(a, b): return 5", {.entry_point = "add", .tests = "assert ("}), error);
}

TEST_F(Code, ExamplesAreComparedOutsideTheSandbox) {
  CodeTests tests{.examples = {{"1 2\n", "3\n"}, {"5 5", "10"}}};
  EXPECT_VERDICT(python("a, b = map(int, input().split())\nprint(a + b, ' ')", tests), pass);
  EXPECT_VERDICT(python("print(3)", tests), fail);
  EXPECT_VERDICT(python("raise SystemExit(0)", tests), fail);
  EXPECT_VERDICT(python("raise SystemExit(1)", tests), error);
}

TEST_F(Code, AUsersCommandDecidesByItsExitCode) {
  CodeTests tests{.command = "test \"$(python3 program.py)\" = 5"};
  EXPECT_VERDICT(python("print(2 + 3)", tests), pass);
  EXPECT_VERDICT(python("print(2 + 4)", tests), fail);
}

TEST_F(Code, CppProgramsAreCompiledAndTested) {
  if (access("/usr/bin/g++", X_OK) != 0) GTEST_SKIP() << "no /usr/bin/g++ here";
  CodeTests tests{.language = "c++", .tests = "int main() { assert(add(2, 3) == 5); }"};
  EXPECT_VERDICT(verifier().check(tests, "int add(int a, int b) { return a + b; }"), pass);
  EXPECT_VERDICT(verifier().check(tests, "int add(int a, int b) { return a - b; }"), fail);
  EXPECT_VERDICT(
      verifier().check(tests, "#include <cstdlib>\nint x = (std::exit(0), 1);\nint add(int, int) { return 0; }"),
      error);
  EXPECT_VERDICT(verifier().check(tests, "#define assert(x)\nint add(int, int) { return 0; }"), fail);
  EXPECT_VERDICT(verifier().check(tests, "int add(int a, int b) { return c; }"), error);
  CodeTests examples{.language = "c++", .examples = {{"4", "16"}}};
  EXPECT_VERDICT(
      verifier().check(examples, "#include <iostream>\nint main() { int n; std::cin >> n; std::cout << n * n; }"),
      pass);
}

TEST_F(Code, CppProgramsCannotRedefineTheirTests) {
  if (access("/usr/bin/g++", X_OK) != 0) GTEST_SKIP() << "no /usr/bin/g++ here";
  CodeTests tests{.language = "c++", .tests = "int main() { assert(add(2, 3) == 5); if (add(1, 1) != 2) return 1; }"};
  const std::string wrong = "int add(int, int) { return 0; }\n";
  for (const char* attack :
       {"#include <cassert>\n#define __assert_fail(a, b, c, d) ((void)0)\n#define return return 0 *\n",
        "#define return return 0 *\n#de\\\nfine if(x) if (false)\n# /* */ define assert(x)\n",
        "#include <cstdio>\n#include <cstdlib>\nint x = [] { char t[80] = {}; std::fgets(t, 80, stdin); std::puts(t); "
        "std::exit(0); return 0; }();\n",
        "#include <csignal>\n#include <unistd.h>\nint x = (std::signal(SIGABRT, [](int) { _exit(0); }), 1);\n"})
    EXPECT_NE(verifier().check(tests, wrong + attack).verdict, CodeVerdict::pass) << attack;
  EXPECT_VERDICT(verifier().check(tests, "#define int long long\nint add(int a, int b) { return a + b; }"), pass);
}

CodeTests one_test(const std::string& test) { return {.tests = test}; }

TEST_F(Code, TestsOfOneProgramShareItsSandboxesAndNothingElse) {
  const std::string pid = "import os\ndef f(): return os.getpid()";
  EXPECT_VERDICT(python(pid, one_test("assert f() == 3")), pass);
  EXPECT_VERDICT(python(pid, one_test("assert f() == 4")), pass);  // the next process of the same sandbox
  EXPECT_VERDICT(python(pid + "\n", one_test("assert f() == 3")), pass);

  const std::string counter = "calls = 0\ndef f():\n  global calls\n  calls += 1\n  return calls";
  for (int i = 0; i < 3; ++i) EXPECT_VERDICT(python(counter, one_test("assert f() == 1")), pass);
  EXPECT_VERDICT(python(counter, one_test("import builtins\nbuiltins.print = None\nassert f() == 1")), pass);
  EXPECT_VERDICT(python(counter, one_test("print()\nassert f() == 1")), pass);
  const std::string writer = "import os\ndef f():\n  before = os.listdir()\n  open('x', 'w').close()\n  return before";
  for (int i = 0; i < 3; ++i) EXPECT_VERDICT(python(writer, one_test("assert f() == []")), pass);
}

// The program attacks while its first test runs. The others get the verdicts that they get alone.
TEST_F(Code, AProgramCannotAlterTheVerdictsOfItsOtherTests) {
  for (const char* attack :
       {"os.kill(os.getppid(), 9)",
        "os.kill(os.getppid(), signal.SIGSTOP)",
        "os.kill(os.getppid(), signal.SIGINT)",
        "os.kill(-1, 9)",
        "os._exit(0)",
        "os.write(3, b'{\"r\": 3, \"changed\": []}\\n' * 99)",
        "[os.write(fd, b'{\"verdict\": \"pass\", \"reason\": \"\", \"calls\": 9}\\n') for fd in (1, 2, 3)]",
        "[os.set_blocking(fd, False) for fd in range(4)]",
        "os.chmod('/work', 0)",
        "os.utime('/work', (1, 1))",
        "open('big', 'wb').write(bytes(63 << 20))",
        "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (3, 3))",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "os.sched_setscheduler(os.getppid(), os.SCHED_IDLE, os.sched_param(0))",
        "forever(lambda: os.kill(-1, 9))",
        "forever(os.fork)",
        "forever(lambda: os.kill(2, signal.SIGSTOP))",
        "time.sleep(100)",
        "bytearray(10 << 30)",
        "bytes(400 << 20) and time.sleep(100)",
        "print('x' * (2 << 20))",
        "ctypes.CDLL(None).ptrace(0, 0, 0, 0)"}) {
    const std::string program = std::string(
                                    "import ctypes, os, resource, signal, time\n"
                                    "def forever(act):\n"
                                    "  if os.fork() > 0: return\n"
                                    "  os.setsid()\n"
                                    "  while True:\n"
                                    "    try: act()\n"
                                    "    except OSError: pass\n"
                                    "def f(x):\n"
                                    "  if x == 1:\n"
                                    "    try: ") +
                                attack +
                                "\n"
                                "    except OSError: pass\n"
                                "  return x\n";
    SCOPED_TRACE(attack);
    EXPECT_VERDICT(python(program, one_test("assert f(0) == 0")), pass);
    EXPECT_NE(python(program, one_test("assert f(1) == 4")).verdict, CodeVerdict::pass);
    EXPECT_VERDICT(python(program, one_test("assert f(2) == 3")), fail);
    EXPECT_VERDICT(python(program, one_test("assert f(2) == 2")), pass);
  }
}

TEST_F(Code, ATestCannotAlterTheVerdictsOfOtherTests) {
  const std::string program = "def f(x): return x\n";
  for (const char* attack :
       {"import os\nf(1)\nos.kill(os.getppid(), 9)", "import os, signal\nf(1)\nos.kill(os.getppid(), signal.SIGSTOP)",
        "import os\nf(1)\nos.kill(-1, 9)", "import os\nf(1)\nos._exit(0)", "import os\nf(1)\nos.chmod('/work', 0)",
        "f(1)\nwhile True: pass", "import builtins\nbuiltins.AssertionError = OSError\nassert f(1) == 2"}) {
    SCOPED_TRACE(attack);
    python(program, one_test(attack));
    EXPECT_VERDICT(python(program, one_test("assert f(2) == 3")), fail);
    EXPECT_VERDICT(python(program, one_test("assert f(2) == 2")), pass);
  }
}

TEST_F(Code, ManyThreadsShareOneVerifier) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> passed{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 3; ++k) {
        const std::string own = i % 2 == 0 ? "" : std::to_string(i * 3 + k);
        passed += python("def add(a, b): return a + b\nx" + own + " = 1").verdict == CodeVerdict::pass;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 12);
}

}  // namespace
}  // namespace reckon
