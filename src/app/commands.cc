#include "app/commands.h"

#include "app/command.h"

namespace reckon {

std::vector<Command> builtin_commands() {
  return {
      models_command(),
      version_command(),
  };
}

}  // namespace reckon
