#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "eval/pool.h"

namespace reckon {

// How answers of a task are compared.
struct AnswerRules {
  // Canonical form; answers with the same one vote together. "" is a missing answer.
  std::function<std::string(std::string_view answer)> canonical;
  std::function<bool(std::string_view answer, std::string_view gold)> correct;  // as given, or canonical
};
AnswerRules exact_answers();  // plain string equality

// One file of the BoInf pools (github.com/jkomiyama/BoInf-code-publish): one JSON object a line with gold_answer and
// all_answers: [[answer, generated tokens], ...]. The pool's name, model and task come from the file's name,
// "analysis_TASK_MODEL.jsonl". Throws Error naming the line that cannot be read.
Pool read_boinf(const std::string& path, const AnswerRules& rules);

}  // namespace reckon
