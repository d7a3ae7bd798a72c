#include "app/check_flags.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/text.h"
#include "eval/text_file.h"
#include "strategy/generate_tests.h"
#include "strategy/scorer.h"

#include <reckon/error.h>

namespace reckon {
namespace {

CodeTests read_tests(const std::string& path) {
  const std::string ending = std::filesystem::path(path).extension();
  const bool cpp = ending == ".cc" || ending == ".cpp";
  if (!cpp && ending != ".py")
    throw Error(Code::invalid_request, fmt::format("--tests {}: give Python statements in a file that ends in .py, or "
                                                   "C++ ones in .cc",
                                                   path));
  CodeTests tests{.language = cpp ? "c++" : "python", .tests = read_text_file(path)};
  check_text(tests.tests, path);
  return tests;
}

}  // namespace

void CheckFlags::declare(Flags& flags) {
  flags.option("--tests", tests, "Statements with asserts (.py, .cc) that the program must pass.");
  flags.option("--schema", schema, "A JSON Schema file that the answer must be valid under.");
  flags.option("--check", condition, "Relations on one unknown that the number must fulfil: \"x^2 = 2\".");
}

std::optional<Check> CheckFlags::read() const {
  const int given = !tests.empty() + !schema.empty() + !condition.empty();
  if (given > 1) throw Error(Code::invalid_request, "give one of --tests, --schema and --check");
  if (given == 0) return std::nullopt;
  Check check{.condition = condition};
  if (!tests.empty()) check.tests = read_tests(tests);
  if (!schema.empty()) {
    check.schema = read_text_file(schema);
    if (check.schema.empty()) throw Error(Code::invalid_request, fmt::format("--schema {}: the file is empty", schema));
  }
  check_text(condition, "the condition");
  return check;
}

TaskKind task_of(const std::optional<Check>& check) {
  if (check && check->tests) return TaskKind::code;
  return check && !check->schema.empty() ? TaskKind::json : TaskKind::math;
}

void require_check(const std::string& strategy, const Question& question, const Verifier& verifier) {
  if (!takes_check(strategy)) {
    if (question.check)
      throw Error(Code::invalid_request, fmt::format("{} does not look at a check; use --strategy verified, or "
                                                     "best-of-n or weighted-vote with scorer=check",
                                                     strategy));
    if (parse_spec(strategy).name == "generate-tests") GenerateTests::require(question, verifier);
    return;
  }
  if (!question.check)
    throw Error(Code::invalid_request,
                fmt::format("{} needs something to check answers with: --tests, --schema or --check", strategy));
  if (std::string why = verifier.cannot_check(question); !why.empty()) throw Error(Code::invalid_request, why);
}

}  // namespace reckon
