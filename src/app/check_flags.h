#pragma once
#include <optional>
#include <string>

#include "app/command.h"

#include <reckon/verifier.h>

namespace reckon {

// The options that say what an answer must fulfil.
struct CheckFlags {
  std::string tests, schema, condition;

  void declare(Flags& flags);
  // Read from its file; none when no option is given. Throws Error for several, and for a file that cannot be used.
  std::optional<Check> read() const;
};

// The kind of answer that a check is for; math without one.
TaskKind task_of(const std::optional<Check>& check);

// Throws Error{invalid_request} when this strategy needs a check and the question's cannot be used, when it would
// ignore the one that was given, or when it cannot answer such a question.
void require_check(const std::string& strategy, const Question& question, const Verifier& verifier);

}  // namespace reckon
