#pragma once
#include <string>
#include <string_view>

#include <reckon/model.h>

namespace reckon {

// Takes a text apart into the thinking block and the rest, piece by piece, by the model's own tags.
class ThinkingSplitter {
 public:
  struct Parts {
    std::string reasoning, content;
  };
  ThinkingSplitter(std::string open, std::string close) : open_(std::move(open)), close_(std::move(close)) {}
  Parts feed(std::string_view piece);
  Parts end();  // what was held back in case it became a tag

 private:
  std::string open_, close_, held_;
  bool thinking_ = false;
};

// A whole text, taken apart.
ThinkingSplitter::Parts split_thinking(const Capabilities& model, std::string_view text);

}  // namespace reckon
