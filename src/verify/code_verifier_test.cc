#include "verify/code_verifier.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <atomic>
#include <thread>

namespace reckon {
namespace {

using testing::HasSubstr;

CodeVerifier& verifier() {
  static CodeVerifier one({.limits = {.wall_seconds = 2}, .warm = 1});
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
  static CodeResult python(const std::string& program, CodeTests tests = adder()) {
    return verifier().check(tests, program);
  }
};

#define EXPECT_VERDICT(result, expected)                                                \
  do {                                                                                  \
    CodeResult r = (result);                                                            \
    EXPECT_EQ(r.verdict, CodeVerdict::expected) << name(r.verdict) << ": " << r.reason; \
  } while (false)

TEST(CodeVerifier, FailsClosed) {
  CodeVerifier none({.sandbox = {.bwrap = "/nowhere/bwrap"}});
  CodeResult result = none.check({.tests = "assert True"}, "");
  EXPECT_EQ(result.verdict, CodeVerdict::unavailable);
  EXPECT_THAT(result.reason, HasSubstr("no program is run"));
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
  EXPECT_VERDICT(python("def add(a, b):\n  while True: pass"), timeout);
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

TEST_F(Code, ManyThreadsShareOneVerifier) {
  std::vector<std::thread> threads;
  std::atomic<int> passed{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 3; ++k) passed += python("def add(a, b): return a + b").verdict == CodeVerdict::pass;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 12);
}

}  // namespace
}  // namespace reckon
