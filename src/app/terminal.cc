#include "app/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "base/text.h"

#include <reckon/error.h>

namespace reckon {

void status_line(const std::string& text) {
  if (!isatty(STDERR_FILENO)) return;
  winsize size{};
  size_t width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79u;
  fmt::print(stderr, "\r\x1b[K{}", utf8_prefix(text, width));
  std::fflush(stderr);
}

TaskKind task_kind(const std::string& name) {
  if (auto kind = parse_task_kind(name)) return *kind;
  throw Error(Code::invalid_request,
              fmt::format("there is no task '{}'; there are: math, choice, text, json, code", name));
}

}  // namespace reckon
