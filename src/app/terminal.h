#pragma once
#include <string>

#include <reckon/question.h>

namespace reckon {

// One line on stderr that replaces itself; "" clears it. Nothing when stderr is no terminal.
void status_line(const std::string& text);

// "math" -> TaskKind::math; throws Error{invalid_request} that lists the kinds.
TaskKind task_kind(const std::string& name);

}  // namespace reckon
