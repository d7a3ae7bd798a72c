#pragma once
#include <string>
#include <string_view>

#include "serve/runs.h"
#include "serve/thinking.h"

namespace reckon {

// What may be shown of an answer while it is written: its thinking and its content apart, and of the content what comes
// before the first call of a tool.
class LiveText {
 public:
  using Parts = ThinkingSplitter::Parts;
  // `form` says how calls begin; the tags are those of the thinking block. `hide`: thinking is never shown.
  LiveText(Form form, std::string think_open, std::string think_close, bool hide);
  Parts feed(std::string_view piece);
  // What of the whole answer was not shown yet.
  Parts rest(const Choice& whole) const;

 private:
  std::string before_calls(std::string content);
  const Form form_;
  const bool hide_;
  ThinkingSplitter splitter_;
  Parts shown_;
  std::string waiting_;  // content that may be the beginning of a call
  bool calling_ = false;
};

}  // namespace reckon
