#include "engine/chat_formatter.h"

#include <fmt/format.h>

#include <algorithm>

namespace reckon {
namespace {

// Stands for the spelling of a control token while the template runs: private-use characters around its number, which
// no template trims, escapes or looks for.
constexpr std::string_view kOpen = "\uF8F0", kClose = "\uF8F1";

}  // namespace

std::vector<PromptPiece> format_safely(const ChatFormatter& formatter, std::vector<Message> messages,
                                       const std::vector<std::string>& spellings) {
  if (spellings.empty()) return {{formatter.format(messages), true}};
  std::vector<std::string> marks;
  for (size_t i = 0; i < spellings.size(); ++i) marks.push_back(fmt::format("{}{}{}", kOpen, i, kClose));
  for (Message& message : messages)
    for (size_t i = 0; i < spellings.size(); ++i)  // longest first: a spelling inside another is part of it
      for (size_t at = 0; (at = message.content.find(spellings[i], at)) != std::string::npos; at += marks[i].size())
        message.content.replace(at, spellings[i].size(), marks[i]);

  std::string text = formatter.format(messages);
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
