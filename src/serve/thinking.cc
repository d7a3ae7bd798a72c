#include "serve/thinking.h"

#include <algorithm>

namespace reckon {

ThinkingSplitter::Parts ThinkingSplitter::feed(std::string_view piece) {
  Parts parts;
  if (open_.empty()) {
    parts.content = piece;
    return parts;
  }
  held_ += piece;
  while (true) {
    const std::string& tag = thinking_ ? close_ : open_;
    std::string& out = thinking_ ? parts.reasoning : parts.content;
    if (size_t at = held_.find(tag); at != std::string::npos) {
      out += held_.substr(0, at);
      held_.erase(0, at + tag.size());
      thinking_ = !thinking_;
      continue;
    }
    size_t keep = std::min(held_.size(), tag.size() - 1);  // the longest end that may be the start of the tag
    while (keep > 0 && !std::string_view(tag).starts_with(std::string_view(held_).substr(held_.size() - keep))) --keep;
    out += held_.substr(0, held_.size() - keep);
    held_.erase(0, held_.size() - keep);
    return parts;
  }
}

ThinkingSplitter::Parts ThinkingSplitter::end() {
  Parts parts;
  (thinking_ ? parts.reasoning : parts.content) = std::move(held_);
  held_.clear();
  return parts;
}

ThinkingSplitter::Parts split_thinking(const Capabilities& model, std::string_view text) {
  ThinkingSplitter splitter(model.think_open, model.think_close);
  ThinkingSplitter::Parts parts = splitter.feed(text), rest = splitter.end();
  return {parts.reasoning + rest.reasoning, parts.content + rest.content};
}

}  // namespace reckon
