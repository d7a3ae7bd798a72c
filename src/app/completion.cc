#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string_view>

#include "app/commands.h"
#include "models/catalog.h"

#include <reckon/error.h>
#include <reckon/options.h>

namespace reckon {
namespace {

struct Choice {
  std::string word, help;
};
// What can follow a command: its subcommands, or its options.
struct Node {
  std::string path;  // "", "models", "models pull"
  std::vector<Choice> choices;
  bool subcommands = false;
};

void add(std::vector<Node>& nodes, const std::string& path, const Command& command) {
  Node node{.path = path, .choices = {}, .subcommands = !command.subcommands.empty()};
  for (const Command& sub : command.subcommands) node.choices.push_back({sub.name, sub.summary});
  if (!node.subcommands) {
    for (const FlagInfo& flag : flags_of(command)) node.choices.push_back({flag.name, flag.help});
    if (node.choices.empty() || node.choices.front().word != "--help")
      node.choices.push_back({"--help", "Explain the command."});
  }
  nodes.push_back(std::move(node));
  for (const Command& sub : command.subcommands) add(nodes, path + (path.empty() ? "" : " ") + sub.name, sub);
}

std::vector<Node> tree(const std::vector<Command>& commands) {
  std::vector<Node> nodes;
  add(nodes, "", {.name = "", .summary = "", .example = "", .declare = {}, .run = {}, .subcommands = commands});
  return nodes;
}

std::string models() {
  std::string names;
  for (const KnownModel& model : known_models()) names += (names.empty() ? "" : " ") + model.alias;
  return names;
}

std::string quoted(std::string_view text, std::string_view also = "") {  // in single quotes, for any of the shells
  std::string safe;
  for (char c : text) {
    if (c == '\'') safe += "’";
    else if (also.find(c) != std::string_view::npos) safe += std::string("\\") + c;
    else safe += c;
  }
  return "'" + safe + "'";
}

// Both shells find the path by the words before the cursor: a command, and a second word where it has subcommands.
std::string parents(const std::vector<Node>& nodes) {
  std::string names;
  for (const Node& node : nodes)
    if (node.subcommands && !node.path.empty()) names += (names.empty() ? "" : "|") + node.path;
  return names;
}

std::string bash(const std::vector<Node>& nodes) {
  std::string cases;
  for (const Node& node : nodes) {
    std::string words;
    for (const Choice& choice : node.choices) words += (words.empty() ? "" : " ") + choice.word;
    cases += fmt::format("    {}) words={} ;;\n", quoted(node.path), quoted(words));
  }
  return fmt::format(R"sh(# bash completion of reckon; load it with: source <(reckon completion bash)
_reckon() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} path='' words=''
  [[ $COMP_CWORD -gt 1 ]] && path=${{COMP_WORDS[1]}}
  case $path in
    {}) [[ $COMP_CWORD -gt 2 ]] && path+=" ${{COMP_WORDS[2]}}" ;;
  esac
  case $path in
{}  esac
  if [[ $previous == --model || ( $path == 'models '* && $current != -* ) ]]; then words={}; fi
  if [[ $current == -* || $previous == --model || $words != --* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=()
  fi
}}
complete -o default -F _reckon reckon
)sh",
                     parents(nodes), cases, quoted(models()));
}

std::string zsh(const std::vector<Node>& nodes) {
  std::string cases;
  for (const Node& node : nodes) {
    std::string words;
    for (const Choice& choice : node.choices) words += " " + quoted(choice.word + ":" + choice.help);
    cases += fmt::format("    {}) choices=({} ) ;;\n", quoted(node.path), words);
  }
  return fmt::format(R"sh(#compdef reckon
# zsh completion of reckon; load it with: source <(reckon completion zsh)
_reckon() {{
  local place=''
  local -a choices
  (( CURRENT > 2 )) && place=$words[2]
  case $place in
    {}) (( CURRENT > 3 )) && place+=" $words[3]" ;;
  esac
  if [[ $words[CURRENT-1] == --model || ( $place == 'models '* && $words[CURRENT] != -* ) ]]; then
    compadd -- {}
    _files
    return
  fi
  case $place in
{}  esac
  if [[ -z $place || $words[CURRENT] == -* || $choices[1] != --* ]]; then
    _describe 'reckon' choices
  else
    _files
  fi
}}
compdef _reckon reckon
)sh",
                     parents(nodes), models(), cases);
}

std::string fish(const std::vector<Node>& nodes) {
  std::string script = "# fish completion of reckon; load it with: reckon completion fish | source\n";
  for (const Node& node : nodes) {
    size_t space = node.path.find(' ');
    std::string seen = node.path.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + node.path;
    if (space != std::string::npos)
      seen = fmt::format("__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}",
                         node.path.substr(0, space), node.path.substr(space + 1));
    for (const Choice& choice : node.choices) {
      std::string what = choice.word.starts_with("--") ? "-l " + choice.word.substr(2) : "-f -a " + choice.word;
      if (choice.word == "--model") what += " -r -a " + quoted(models());
      script += fmt::format("complete -c reckon -n {} {} -d {}\n", quoted(seen), what, quoted(choice.help, "\\"));
    }
  }
  return script;
}

int completion(const std::string& shell) {
  std::vector<Node> nodes = tree(builtin_commands());
  if (shell == "bash") fmt::print("{}", bash(nodes));
  else if (shell == "zsh") fmt::print("{}", zsh(nodes));
  else if (shell == "fish") fmt::print("{}", fish(nodes));
  else
    throw Error(Code::invalid_request,
                fmt::format("there is no completion for '{}'{}; there is one for bash, zsh and fish", shell,
                            suggestion(shell, {"bash", "zsh", "fish"})));
  return 0;
}

}  // namespace

Command completion_command() {
  auto shell = std::make_shared<std::string>();  // owned by both functions
  return {.name = "completion",
          .summary = "Print a script that completes commands in a shell.",
          .example = "reckon completion bash > ~/.local/share/bash-completion/completions/reckon",
          .declare = [shell](Flags& flags) { flags.positional("SHELL", *shell, "bash, zsh or fish."); },
          .run = [shell] { return completion(*shell); },
          .subcommands = {}};
}

}  // namespace reckon
