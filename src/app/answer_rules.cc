#include "app/answer_rules.h"

#include <fmt/format.h>

#include <reckon/error.h>

#include "verify/equivalence.h"

namespace reckon {

AnswerRules answer_rules(const std::string& name) {
  if (name == "exact") return exact_answers();
  if (name != "math") throw Error(Code::invalid_request, fmt::format("--answers {}: there are math and exact", name));
  return {
      .canonical = [](std::string_view answer) { return verify::canonical_math(answer); },
      .correct = [](std::string_view answer,
                    std::string_view gold) { return verify::compare_math(gold, answer).verdict == Verdict::equal; }};
}

}  // namespace reckon
