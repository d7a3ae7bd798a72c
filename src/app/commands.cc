#include "app/commands.h"

#include "app/command.h"

namespace reckon {

std::vector<Command> builtin_commands() {
  std::vector<Command> commands;
  commands.push_back(solve_command());
  commands.push_back(serve_command());
  commands.push_back(eval_command());
  commands.push_back(replay_command());
  commands.push_back(calibrate_command());
  commands.push_back(power_command());
  commands.push_back(recordings_command());
  commands.push_back(verify_command());
  commands.push_back(usage_command());
  commands.push_back(models_command());
  commands.push_back(doctor_command());
  commands.push_back(signature_command());
  commands.push_back(completion_command());
  commands.push_back(version_command());
  return commands;
}

}  // namespace reckon
