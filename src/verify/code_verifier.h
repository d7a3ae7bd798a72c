#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "verify/sandbox.h"
#include "verify/sandbox_pool.h"

#include <reckon/question.h>

namespace reckon {

enum class CodeVerdict { pass, fail, error, timeout, out_of_memory, sandbox_refused, unavailable };
std::string_view name(CodeVerdict verdict);

struct CodeResult {
  CodeVerdict verdict = CodeVerdict::unavailable;
  std::string reason;  // one sentence for a person; empty for a pass
  int calls = 0;       // of the candidate by Python tests
  double seconds = 0;
};

struct CodeOptions {
  SandboxOptions sandbox;
  Limits limits;  // of one run of the candidate
  int warm = 2;   // pairs of sandboxes kept started
};

// Runs candidate programs against the tests of a question, in sandboxes. What decides is out of the candidate's reach:
// Python tests run in another sandbox than the candidate, which only ever sees arguments and sends back plain data;
// expected outputs are compared here. What that cannot detect is in docs/code-sandbox.md. Python tests of one program
// that come one after another run in the same pair of sandboxes, each in processes of its own, and get the verdicts
// that they would get alone. Safe from any thread; `check` blocks: call it on a worker thread.
class CodeVerifier {
 public:
  explicit CodeVerifier(CodeOptions options = {});
  ~CodeVerifier();
  // "" when programs can be run here; else one sentence, and every verdict is `unavailable`.
  const std::string& unavailable() const { return sandbox_.unavailable(); }
  CodeResult check(const CodeTests& tests, std::string_view program);

 private:
  CodeResult dispatch(const CodeTests& tests, const std::string& program);
  CodeResult check_python(const CodeTests& tests, const std::string& program);
  CodeResult watch_judge(JudgePair& pair, TestLines& lines, std::string_view task, bool& reusable) const;
  CodeResult check_cpp(const CodeTests& tests, const std::string& program);
  CodeResult check_examples(const CodeTests& tests, SandboxJob job) const;
  CodeResult check_command(const CodeTests& tests, const std::string& program) const;
  WarmPool& pool();

  const CodeOptions options_;
  const Sandbox sandbox_;
  std::once_flag pool_made_;
  std::unique_ptr<WarmPool> pool_;  // made at the first Python test
};

// The whole program for a question whose model may have written only the body, or left out imports and helpers.
std::string assemble_program(const CodeTests& tests, std::string_view program);

}  // namespace reckon
