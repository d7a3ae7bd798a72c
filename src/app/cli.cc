#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <new>
#include <system_error>

#include "app/command.h"

#include <reckon/error.h>
#include <reckon/options.h>

namespace reckon {
namespace {

class Formatter : public CLI::Formatter {
 public:
  Formatter() { column_width(28); }
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";
    std::string text = " " + option->get_type_name();
    if (!option->get_default_str().empty() && option->get_default_str() != "[]")
      text += "=" + option->get_default_str();
    return text;
  }
};

struct Declared {
  CLI::App* app;
  const Command* command;
};

void declare(CLI::App& parent, const Command& command, std::vector<Declared>& declared) {
  CLI::App* app = parent.add_subcommand(command.name, command.summary);
  app->formatter(std::make_shared<Formatter>());
  if (!command.example.empty()) app->footer("Example:\n  " + command.example);
  if (command.subcommands.empty()) {
    Flags flags(*app);
    command.declare(flags);
  } else {
    app->require_subcommand(1);
    for (const Command& sub : command.subcommands) declare(*app, sub, declared);
  }
  declared.push_back({app, &command});
}

std::vector<std::string> names(const std::vector<Command>& commands) {
  std::vector<std::string> list;
  list.reserve(commands.size());
  for (const Command& command : commands) list.push_back(command.name);
  return list;
}

}  // namespace

void Flags::positional(const char* name, std::string& value, const char* help, bool required) {
  app_.add_option(name, value, help)->required(required)->type_name("");
}
void Flags::positional(const char* name, std::vector<std::string>& values, const char* help, bool required) {
  app_.add_option(name, values, help)->required(required)->type_name("");
}
void Flags::option(const char* name, std::string& value, const char* help) {
  app_.add_option(name, value, help)->type_name("TEXT")->capture_default_str();
}
void Flags::option(const char* name, std::optional<std::string>& value, const char* help) {
  app_.add_option(name, value, help)->type_name("TEXT");
}
void Flags::option(const char* name, std::vector<std::string>& values, const char* help) {
  app_.add_option(name, values, help)
      ->type_name("TEXT")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}
void Flags::option(const char* name, int& value, const char* help) {
  app_.add_option(name, value, help)->type_name("N")->capture_default_str();
}
void Flags::option(const char* name, uint64_t& value, const char* help) {
  app_.add_option(name, value, help)->type_name("N")->capture_default_str();
}
void Flags::option(const char* name, double& value, const char* help) {
  app_.add_option(name, value, help)->type_name("X")->capture_default_str();
}
void Flags::option(const char* name, std::optional<double>& value, const char* help) {
  app_.add_option(name, value, help)->type_name("X");
}
void Flags::flag(const char* name, bool& value, const char* help) { app_.add_flag(name, value, help); }

std::vector<FlagInfo> flags_of(const Command& command) {
  CLI::App app;
  Flags flags(app);
  if (command.declare) command.declare(flags);
  std::vector<FlagInfo> list;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames())
      list.push_back({"--" + name, option->get_description(), option->get_type_size() != 0});
  return list;
}

int run_command_line(int argc, char** argv, const std::vector<Command>& commands) {
  CLI::App app(
      "Reckon: spends test-time compute where it raises the chance of a correct answer, and says what it cost.",
      "reckon");
  app.formatter(std::make_shared<Formatter>());
  app.footer("`reckon COMMAND --help` explains a command.");
  std::vector<Declared> declared;
  for (const Command& command : commands) declare(app, command, declared);
  app.require_subcommand(1);
  const std::vector<std::string> known = names(commands);
  if (argc > 1 && argv[1][0] != '-' && std::ranges::find(known, argv[1]) == known.end()) {
    fmt::print(stderr, "reckon: there is no command '{}'{}; see reckon --help\n", argv[1], suggestion(argv[1], known));
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const CLI::App* asked = &app;
    while (!asked->get_subcommands().empty()) asked = asked->get_subcommands().front();
    fmt::print("{}", asked->help());
    return 0;
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "reckon: {}\n", error.what());
    return 2;
  }
  try {
    for (const Declared& d : declared)
      if (d.app->parsed() && d.command->run) {
        int code = d.command->run();
        if (std::fflush(stdout) != 0)
          throw std::system_error(errno, std::generic_category(), "cannot write to the standard output");
        return code;
      }
  } catch (const Error& error) {
    fmt::print(stderr, "reckon: {}\n", error.what());
    return exit_code(error.code());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "reckon: out of memory; use a smaller model, context or number of samples\n");
    return 3;
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::broken_pipe) return 0;  // the reader has seen enough
    fmt::print(stderr, "reckon: {}; check the disk and the terminal\n", error.what());
    return 3;
  } catch (const std::exception& error) {
    fmt::print(stderr, "reckon: internal error: {}\n", error.what());
    return 1;
  }
  return 2;
}

}  // namespace reckon
