#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace reckon {

// The number of leading bytes of `bytes` that form whole UTF-8 characters or can never become one; the rest is the
// beginning of a character.
size_t whole_utf8(std::string_view bytes);
// The same text with every byte that is not UTF-8 replaced by U+FFFD.
std::string repair_utf8(std::string_view bytes);

// From the bytes of tokens to text that may be shown: whole characters only, nothing of a stop string, and nothing that
// could still become one.
class TextStream {
 public:
  enum class Hit { none, stop, close };

  // `close` ends the text like a stop string, but belongs to it (the tag that closes the thinking block); "" is none.
  TextStream(std::vector<std::string> stops, std::string close);

  Hit add(std::string_view bytes);                   // after a hit nothing more may be added
  std::string take();                                // what may be shown now and was not taken before
  std::string finish();                              // the rest; half a character is left out
  const std::string& stop() const { return stop_; }  // that was hit; empty: none

 private:
  size_t held_back() const;  // bytes at the end that could become a stop string

  std::vector<std::string> stops_;
  std::string close_;
  std::string pending_;
  std::string stop_;
  Hit hit_ = Hit::none;
};

}  // namespace reckon
