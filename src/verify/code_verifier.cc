#include "verify/code_verifier.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <random>

#include <reckon/error.h>

namespace reckon {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr int kBadSystemCall = 128 + SIGSYS, kCpuTime = 128 + SIGXCPU;

CodeResult verdict(CodeVerdict which, std::string reason = "") { return {which, std::move(reason)}; }

CodeVerdict verdict_of(RunEnd end) {
  switch (end) {
    case RunEnd::exited: return CodeVerdict::pass;
    case RunEnd::timeout: return CodeVerdict::timeout;
    case RunEnd::out_of_memory: return CodeVerdict::out_of_memory;
    case RunEnd::output_limit: return CodeVerdict::error;
    case RunEnd::refused: return CodeVerdict::sandbox_refused;
    case RunEnd::unavailable: return CodeVerdict::unavailable;
  }
  return CodeVerdict::error;
}

std::string_view last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  size_t at = text.rfind('\n');
  return text.substr(at == std::string_view::npos ? 0 : at + 1, 300);
}

// A run that ended badly; nothing when it exited with code 0.
std::optional<CodeResult> trouble(const RunResult& run) {
  if (run.end != RunEnd::exited) return verdict(verdict_of(run.end), run.reason);
  if (run.exit_code == 0) return std::nullopt;
  for (const char* sign : {"MemoryError", "std::bad_alloc"})
    if (run.errors.find(sign) != std::string::npos)
      return verdict(CodeVerdict::out_of_memory, "the program ran out of memory");
  return verdict(CodeVerdict::error,
                 fmt::format("the program ended with exit code {}: {}", run.exit_code, last_line(run.errors)));
}

// Lines compared without white space at their ends, and without empty lines at the end of the text.
std::string trimmed_lines(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    size_t last = line.find_last_not_of(" \t\r");
    out.append(line.substr(0, last == std::string_view::npos ? 0 : last + 1)).push_back('\n');
    at = end + 1;
  }
  size_t last = out.find_last_not_of('\n');
  out.resize(last == std::string::npos ? 0 : last + 1);
  return out;
}

bool defines(std::string_view program, const std::string& name) {
  for (const char* keyword : {"def ", "class "}) {
    std::string head = keyword + name;
    for (size_t at = program.find(head); at != std::string_view::npos; at = program.find(head, at + 1)) {
      size_t after = at + head.size();
      bool line_start = at == 0 || program[at - 1] == '\n';
      if (line_start && after < program.size() &&
          (program[after] == '(' || program[after] == ':' || program[after] == ' '))
        return true;
    }
  }
  return program.find("\n" + name + " =") != std::string_view::npos || program.starts_with(name + " =");
}

bool indented(std::string_view program) {
  size_t at = program.find_first_not_of("\r\n");
  return at != std::string_view::npos && (program[at] == ' ' || program[at] == '\t');
}

// How the player ended, when the judge found its line to it closed.
CodeResult ended_early(JudgePair& pair) {
  const int code = pair.player_exit_code();
  if (code == kBadSystemCall) return verdict(CodeVerdict::sandbox_refused, "the program made a forbidden system call");
  if (code == kCpuTime) return verdict(CodeVerdict::timeout, "the program used up its CPU time");
  return verdict(CodeVerdict::error, fmt::format("the program ended (exit code {}) before the tests did", code));
}

// The judge's one line. Tests may be anyone's, so it may be any text. `reusable`: both interpreters wait again.
CodeResult read_judgement(const std::string& line, JudgePair& pair, bool& reusable) {
  boost::system::error_code error;
  json::value value = json::parse(line, error);
  auto field = [&](const char* name) { return value.is_object() ? value.get_object().if_contains(name) : nullptr; };
  const json::value *said = field("verdict"), *reason = field("reason"), *calls = field("calls");
  if (error || said == nullptr || !said->is_string() || reason == nullptr || !reason->is_string() || calls == nullptr ||
      !calls->is_int64())
    return verdict(CodeVerdict::error, "the tests ended their own process");
  CodeResult result = verdict(CodeVerdict::error, std::string(reason->get_string()));
  const json::string& word = said->get_string();
  reusable = word != "ended";
  if (!reusable) result = ended_early(pair);
  if (word == "pass") result.verdict = CodeVerdict::pass;
  if (word == "fail") result.verdict = CodeVerdict::fail;
  if (word == "out-of-memory") result.verdict = CodeVerdict::out_of_memory;
  result.calls = static_cast<int>(calls->get_int64());
  return result;
}

// Cannot be guessed, so only a program that was told it can print it.
std::string make_token() {
  std::random_device device;  // allowed: a secret, not a draw that must repeat
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

// The file beside the program, which the program's macros do not reach. TESTS and FAILED are names that it cannot
// guess. The token is read before anything of the program runs, so that the program finds nothing to read.
constexpr std::string_view kCppMain = R"cpp(
#include <cstdio>
#include <unistd.h>
  int TESTS();
  static char token[80];
  __attribute__((constructor(0))) static void take() {
    for (size_t have = 0; have + 1 < sizeof token;) {
      ssize_t more = read(0, token + have, sizeof token - 1 - have);
      if (more <= 0) break;
      have += more;
    }
  }
  [[noreturn]] void FAILED(const char* what) {
    std::fprintf(stderr, "Assertion `%s' failed.\n", what);
    _exit(1);
  }
  int main() {
    int wrong = TESTS();
    if (wrong != 0) FAILED("main() == 0");
    std::printf("\n%s\n", token);
    std::fflush(stdout);
    return 0;
  }
)cpp";

constexpr std::string_view kCppAssert = R"cpp(
#undef NDEBUG
#include <cassert>
#undef assert
#define assert(...) ((__VA_ARGS__) ? static_cast<void>(0) : FAILED(#__VA_ARGS__))
  [[noreturn]] void FAILED(const char* what);
)cpp";

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// Without comments and with its lines joined, as the preprocessor sees it; near enough to find the names of macros.
std::string preprocessed(std::string_view program) {
  std::string joined, out;
  for (size_t i = 0; i < program.size(); ++i) {
    const std::string_view rest = program.substr(i);
    if (rest.starts_with("\\\n")) ++i;
    else if (rest.starts_with("\\\r\n")) i += 2;
    else joined += program[i];
  }
  for (size_t i = 0; i < joined.size();) {
    if (!std::string_view(joined).substr(i).starts_with("/*")) {
      out += joined[i++];
      continue;
    }
    out += ' ';
    i = std::min(joined.find("*/", i + 2), joined.size() - 2) + 2;
  }
  return out;
}

// Lines that undefine every macro the program may define: with one for `return`, wrong programs would pass.
std::string undefine_macros(std::string_view program) {
  const std::string text = preprocessed(program);
  const auto in_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  std::string out;
  for (size_t at = 0; (at = text.find("define", at)) != std::string::npos;) {
    at = std::min(text.find_first_not_of(" \t\v\f", at + 6), text.size());
    size_t end = at;
    while (end < text.size() && in_name(text[end])) ++end;
    if (end > at && std::isdigit(static_cast<unsigned char>(text[at])) == 0)
      out += "#undef " + text.substr(at, end - at) + "\n";
    at = end;
  }
  return out;
}

// The program and its tests as two source files.
struct CppSources {
  std::string program, main;
};
std::optional<CppSources> with_cpp_tests(const std::string& program, std::string tests) {
  const std::string secret = make_token(), run = "reckon_tests_" + secret;
  if (const size_t at = tests.find("int main("); at != std::string::npos) {
    const size_t open = tests.find('{', at), close = tests.rfind('}');
    if (open == std::string::npos || close < open) return std::nullopt;
    tests.insert(close, "\nreturn 0;\n");
    tests.replace(at, open - at, "int " + run + "() ");
  } else {
    tests = "int " + run + "() {\n" + tests + "\nreturn 0;\n}\n";
  }
  const auto named = [&](std::string_view text) {
    return replaced(replaced(std::string(text), "TESTS", run), "FAILED", "reckon_failed_" + secret);
  };
  return CppSources{program + "\n" + undefine_macros(program) + named(kCppAssert) + tests, named(kCppMain)};
}

}  // namespace

std::string_view name(CodeVerdict verdict) {
  switch (verdict) {
    case CodeVerdict::pass: return "pass";
    case CodeVerdict::fail: return "fail";
    case CodeVerdict::error: return "error";
    case CodeVerdict::timeout: return "timeout";
    case CodeVerdict::out_of_memory: return "out-of-memory";
    case CodeVerdict::sandbox_refused: return "sandbox-refused";
    case CodeVerdict::unavailable: return "unavailable";
  }
  return "";
}

std::string assemble_program(const CodeTests& tests, std::string_view program) {
  bool whole = tests.entry_point.empty() || defines(program, tests.entry_point) || !indented(program);
  return fmt::format("{}\n{}{}\n", tests.setup, whole ? "" : tests.signature, program);
}

CodeVerifier::CodeVerifier(CodeOptions options) : options_(std::move(options)), sandbox_(options_.sandbox) {}
CodeVerifier::~CodeVerifier() = default;

WarmPool& CodeVerifier::pool() {
  std::call_once(pool_made_, [this] { pool_ = std::make_unique<WarmPool>(sandbox_, options_.limits, options_.warm); });
  return *pool_;
}

CodeResult CodeVerifier::check(const CodeTests& tests, std::string_view program) {
  if (!unavailable().empty()) return verdict(CodeVerdict::unavailable, unavailable());
  auto start = Clock::now();
  CodeResult result;
  try {
    result = dispatch(tests, assemble_program(tests, program));
  } catch (const Error& error) {  // no descriptors or processes left
    result = verdict(CodeVerdict::unavailable, error.what());
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return result;
}

CodeResult CodeVerifier::dispatch(const CodeTests& tests, const std::string& program) {
  if (!tests.command.empty()) return check_command(tests, program);
  if (tests.language != "python" && tests.language != "c++")
    return verdict(CodeVerdict::error, fmt::format("no way to run {}: use python, c++ or a command", tests.language));
  const std::string& needed = tests.language == "c++" ? options_.sandbox.compiler : options_.sandbox.python;
  if (access(needed.c_str(), X_OK) != 0)
    return verdict(CodeVerdict::unavailable,
                   fmt::format("{} is missing, so no {} program is run", needed, tests.language));
  if (tests.language == "c++") return check_cpp(tests, program);
  if (tests.examples.empty()) return check_python(tests, program);
  SandboxJob job;
  job.argv = {options_.sandbox.python, "-s", "/work/program.py"};
  job.files = {{"program.py", program}};
  return check_examples(tests, std::move(job));
}

CodeResult CodeVerifier::check_python(const CodeTests& tests, const std::string& program) {
  const std::string task = json::serialize(
      json::object{{"code", program}, {"setup", tests.setup}, {"tests", tests.tests}, {"entry", tests.entry_point}});
  JudgePair pair = pool().take(program);
  const auto patience = std::chrono::milliseconds(static_cast<int64_t>(1e3 * options_.limits.wall_seconds));
  std::optional<TestLines> lines = pair.begin_test(patience);
  if (!lines)
    return verdict(CodeVerdict::unavailable, "the sandbox's interpreters do not answer, so no program is run");
  bool reusable = false;
  CodeResult result = watch_judge(pair, *lines, task, reusable);
  if (reusable && pair.end_test()) pool().keep(program, std::move(pair));
  return result;
}

CodeResult CodeVerifier::watch_judge(JudgePair& pair, TestLines& lines, std::string_view task, bool& reusable) const {
  std::string line;
  const Limits& limits = options_.limits;
  Watch watched{.streams = {{lines.control.get(), &line, true, false},
                            {lines.player_output.get(), nullptr, false, true},
                            {lines.judge_output.get(), nullptr, false, true}},
                .processes = {pair.player.process.pid(), pair.judge.process.pid()},
                .feed = &lines.control,
                .input = task,
                .deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                               std::chrono::duration<double>(limits.wall_seconds))};
  switch (watch(watched, limits)) {
    case WatchEnd::finished: return read_judgement(line, pair, reusable);
    case WatchEnd::timeout:
      return verdict(CodeVerdict::timeout, fmt::format("it ran longer than {:g} seconds", limits.wall_seconds));
    case WatchEnd::out_of_memory:
      return verdict(CodeVerdict::out_of_memory,
                     fmt::format("it used more than {} MiB of memory", limits.memory_bytes >> 20));
    case WatchEnd::output_limit:
      return verdict(CodeVerdict::error, fmt::format("it wrote more than {} KiB", limits.output_bytes >> 10));
  }
  return verdict(CodeVerdict::error);
}

CodeResult CodeVerifier::check_examples(const CodeTests& tests, SandboxJob job) const {
  job.limits = options_.limits;
  for (size_t i = 0; i < tests.examples.size(); ++i) {
    job.input = tests.examples[i].input;
    RunResult run = sandbox_.run(job);
    if (auto bad = trouble(run)) return *bad;
    if (trimmed_lines(run.output) != trimmed_lines(tests.examples[i].output))
      return verdict(CodeVerdict::fail, fmt::format("the output for example {} is not the expected one", i + 1));
  }
  return verdict(CodeVerdict::pass);
}

CodeResult CodeVerifier::check_cpp(const CodeTests& tests, const std::string& program) {
  if (tests.tests.empty() && tests.examples.empty())
    return verdict(CodeVerdict::error, "there is neither a test nor an example to run");
  SandboxJob compile;
  std::string source = program;
  if (!tests.tests.empty()) {
    const auto sources = with_cpp_tests(program, tests.tests);
    if (!sources) return verdict(CodeVerdict::error, "the tests' main is not whole");
    source = sources->program;
    compile.files.push_back({"main.cc", sources->main});
  }
  compile.files.push_back({"program.cc", source});
  compile.argv = {"/bin/sh", "-c",
                  options_.sandbox.compiler + " -std=c++20 -O1 -w -o /work/program /work/*.cc && cat /work/program"};
  compile.limits = {.wall_seconds = 60, .cpu_seconds = 60, .memory_bytes = 4ll << 30, .output_bytes = 32 << 20};
  RunResult compiled = sandbox_.run(compile);
  if (compiled.end != RunEnd::exited) return verdict(verdict_of(compiled.end), "compiling: " + compiled.reason);
  if (compiled.exit_code != 0) {
    size_t at = compiled.errors.find("error:");
    std::string_view from = std::string_view(compiled.errors).substr(at == std::string::npos ? 0 : at);
    return verdict(CodeVerdict::error, fmt::format("the program does not compile: {}",
                                                   from.substr(0, std::min<size_t>(from.find('\n'), 300))));
  }
  SandboxJob job;
  job.argv = {"/work/program"};
  job.files = {{"program", compiled.output, true}};
  if (tests.tests.empty()) return check_examples(tests, std::move(job));

  job.limits = options_.limits;
  job.input = make_token();
  RunResult run = sandbox_.run(job);
  if (run.end == RunEnd::exited && run.errors.find("Assertion `") != std::string::npos)
    return verdict(CodeVerdict::fail, fmt::format("a test does not hold: {}", last_line(run.errors)));
  if (auto bad = trouble(run)) return *bad;
  if (run.output.find(job.input) == std::string::npos)
    return verdict(CodeVerdict::error, "the program ended (exit code 0) before the tests did");
  return verdict(CodeVerdict::pass);
}

CodeResult CodeVerifier::check_command(const CodeTests& tests, const std::string& program) const {
  SandboxJob job;
  job.argv = {"/bin/sh", "-c", tests.command};
  job.files = {{tests.language == "c++" ? "program.cc" : "program.py", program}};
  if (!tests.tests.empty()) job.files.push_back({"tests", tests.tests});
  job.limits = options_.limits;
  RunResult run = sandbox_.run(job);
  if (run.end == RunEnd::exited && run.exit_code != 0)
    return verdict(CodeVerdict::fail, fmt::format("the command ended with exit code {}: {}", run.exit_code,
                                                  last_line(run.errors.empty() ? run.output : run.errors)));
  if (auto bad = trouble(run)) return *bad;
  return verdict(CodeVerdict::pass);
}

}  // namespace reckon
