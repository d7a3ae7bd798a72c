#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

// How a subcommand is made: one file with one function that returns a Command; commands.cc lists them all.
//
//   Command verify_command() {
//     auto o = std::make_shared<Options>();                 // owned by the two functions below
//     return {.name = "verify", .summary = "Compare answers.",
//             .example = "reckon verify pairs.jsonl > verdicts.jsonl",
//             .declare = [o](Flags& f) { f.positional("FILE", o->file, "Pairs, one JSON object a line; - is stdin.");
//             }, .run = [o] { return verify(*o); }};
//   }
namespace reckon {

// Declares options and arguments; a thin face of CLI11, which only cli.cc includes. A value that does not parse is
// refused with the option's name before the command runs.
class Flags {
 public:
  explicit Flags(CLI::App& app) : app_(app) {}
  // Arguments by position. NAME is shown in the help.
  void positional(const char* name, std::string& value, const char* help, bool required = true);
  void positional(const char* name, std::vector<std::string>& values, const char* help, bool required = true);
  // "--name VALUE". A vector takes the option several times. An optional stays empty when the option is not given.
  void option(const char* name, std::string& value, const char* help);
  void option(const char* name, std::optional<std::string>& value, const char* help);
  void option(const char* name, std::vector<std::string>& values, const char* help);
  void option(const char* name, int& value, const char* help);
  void option(const char* name, uint64_t& value, const char* help);
  void option(const char* name, double& value, const char* help);
  void option(const char* name, std::optional<double>& value, const char* help);
  void flag(const char* name, bool& value, const char* help);

 private:
  CLI::App& app_;
};

struct Command {
  std::string name;
  std::string summary;  // one line
  std::string example;  // ends the help
  std::function<void(Flags&)> declare;
  std::function<int()> run;          // the exit code; throws reckon::Error for what cannot be done
  std::vector<Command> subcommands;  // then `run` and `declare` stay empty
};

std::vector<Command> builtin_commands();  // commands.cc: the only list

// What a command's `declare` declares, without arguments by position.
struct FlagInfo {
  std::string name;  // with its dashes
  std::string help;
  bool takes_value = false;
};
std::vector<FlagInfo> flags_of(const Command& command);

// Parses and runs. Exit codes: 0 done, 1 wrong or failed run, 2 usage, 3 environment, 130 interrupted. An Error becomes
// one sentence on stderr.
int run_command_line(int argc, char** argv, const std::vector<Command>& commands);

}  // namespace reckon
