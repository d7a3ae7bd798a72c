#include "app/commands.h"

#include "app/command.h"

namespace reckon {

std::vector<Command> builtin_commands() {
  return {
      solve_command(),
      serve_command(),
      eval_command(),
      replay_command(),
      power_command(),
      models_command(),
      signature_command(),
      version_command(),
  };
}

}  // namespace reckon
