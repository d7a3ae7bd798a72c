#include "serve/live_text.h"

#include <algorithm>

namespace reckon {

LiveText::LiveText(Form form, std::string think_open, std::string think_close, bool hide)
    : form_(std::move(form)), hide_(hide), splitter_(std::move(think_open), std::move(think_close)) {}

LiveText::Parts LiveText::feed(std::string_view piece) {
  Parts parts = splitter_.feed(piece);
  parts.content = before_calls(std::move(parts.content));
  if (hide_) parts.reasoning.clear();
  shown_.reasoning += parts.reasoning;
  shown_.content += parts.content;
  return parts;
}

LiveText::Parts LiveText::rest(const Choice& whole) const {
  auto after = [](const std::string& all, const std::string& shown) {
    return all.starts_with(shown) ? all.substr(shown.size()) : "";
  };
  return {hide_ ? "" : after(whole.reasoning, shown_.reasoning), after(whole.content, shown_.content)};
}

std::string LiveText::before_calls(std::string content) {
  if (!form_.tools) return content;
  waiting_ += content;
  if (calling_ || form_.grammar.triggers.empty()) return "";
  size_t safe = waiting_.size();
  for (const std::string& trigger : form_.grammar.triggers) {
    if (size_t at = waiting_.find(trigger); at != std::string::npos) calling_ = true, safe = std::min(safe, at);
    for (size_t n = std::min(trigger.size() - 1, waiting_.size()); n > 0; --n)
      if (waiting_.ends_with(std::string_view(trigger).substr(0, n))) safe = std::min(safe, waiting_.size() - n);
  }
  std::string text = waiting_.substr(0, safe);
  waiting_.erase(0, safe);
  return text;
}

}  // namespace reckon
