#include <csignal>

#include "app/command.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write error, not a death
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a file that may not grow
  return reckon::run_command_line(argc, argv, reckon::builtin_commands());
}
