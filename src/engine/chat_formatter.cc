#include "engine/chat_formatter.h"

#include <fmt/format.h>

#include <algorithm>

namespace reckon {
namespace {

// Stands for the spelling of a control token while the template runs: private-use characters around its number, which
// no template trims, escapes or looks for.
constexpr std::string_view kOpen = "\uF8F0", kClose = "\uF8F1";

}  // namespace

void for_each_text(Prompt& prompt, const std::function<void(std::string&)>& use) {
  for (Message& message : prompt.messages) {
    for (std::string* text : {&message.role, &message.content, &message.reasoning, &message.tool_call_id}) use(*text);
    for (ToolCall& call : message.tool_calls) use(call.id), use(call.name), use(call.arguments);
  }
  for (Tool& tool : prompt.tools) use(tool.name), use(tool.description), use(tool.parameters);
}

std::vector<PromptPiece> format_safely(const ChatFormatter& formatter, Prompt prompt,
                                       const std::vector<std::string>& spellings) {
  if (spellings.empty()) return {{formatter.format(prompt), true}};
  std::vector<std::string> marks;
  for (size_t i = 0; i < spellings.size(); ++i) marks.push_back(fmt::format("{}{}{}", kOpen, i, kClose));
  for_each_text(prompt, [&](std::string& content) {
    for (size_t i = 0; i < spellings.size(); ++i)  // longest first: a spelling inside another is part of it
      for (size_t at = 0; (at = content.find(spellings[i], at)) != std::string::npos; at += marks[i].size())
        content.replace(at, spellings[i].size(), marks[i]);
  });

  std::string text = formatter.format(prompt);
  std::vector<PromptPiece> pieces;
  size_t begin = 0;
  while (begin < text.size()) {
    size_t first = std::string::npos, which = 0;
    for (size_t i = 0; i < marks.size(); ++i)
      if (size_t at = text.find(marks[i], begin); at < first) first = at, which = i;
    if (first > begin) pieces.push_back({text.substr(begin, first - begin), true});
    if (first == std::string::npos) break;
    pieces.push_back({spellings[which], false});
    begin = first + marks[which].size();
  }
  return pieces;
}

}  // namespace reckon
