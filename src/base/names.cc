#include <array>
#include <utility>

#include <reckon/budget.h>
#include <reckon/question.h>
#include <reckon/verifier.h>

// The wire names of the public enumerations.
namespace reckon {

std::string_view name(TaskKind kind) {
  switch (kind) {
    case TaskKind::math: return "math";
    case TaskKind::choice: return "choice";
    case TaskKind::text: return "text";
    case TaskKind::json: return "json";
    case TaskKind::code: return "code";
  }
  return "";
}

std::optional<TaskKind> parse_task_kind(std::string_view text) {
  for (TaskKind kind : {TaskKind::math, TaskKind::choice, TaskKind::text, TaskKind::json, TaskKind::code})
    if (name(kind) == text) return kind;
  return std::nullopt;
}

std::string_view name(Finish finish) {
  switch (finish) {
    case Finish::stop: return "stop";
    case Finish::stop_string: return "stop_string";
    case Finish::end_of_thinking: return "end_of_thinking";
    case Finish::length: return "length";
    case Finish::budget: return "budget";
  }
  return "";
}

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal: return "equal";
    case Verdict::different: return "different";
    case Verdict::undecided: return "undecided";
    case Verdict::error: return "error";
    case Verdict::timeout: return "timeout";
  }
  return "";
}

std::string_view name(Halt halt) {
  switch (halt) {
    case Halt::none: return "none";
    case Halt::tokens: return "budget:tokens";
    case Halt::samples: return "budget:samples";
    case Halt::seconds: return "deadline";
    case Halt::flops: return "budget:flops";
    case Halt::cancelled: return "cancelled";
  }
  return "";
}

}  // namespace reckon
