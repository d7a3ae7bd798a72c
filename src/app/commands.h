#pragma once
#include "app/command.h"

// One line per subcommand, each made in the file of its name.
namespace reckon {

Command calibrate_command();
Command completion_command();
Command doctor_command();
Command models_command();
Command power_command();
Command recordings_command();
Command replay_command();
Command serve_command();
Command solve_command();
Command eval_command();
Command signature_command();
Command usage_command();
Command verify_command();
Command version_command();

}  // namespace reckon
