#pragma once
#include "app/command.h"

// One line per subcommand, each made in the file of its name.
namespace reckon {

Command version_command();

}  // namespace reckon
