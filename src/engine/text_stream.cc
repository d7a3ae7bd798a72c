#include "engine/text_stream.h"

#include <algorithm>
#include <utility>

namespace reckon {
namespace {

struct Character {
  size_t bytes = 1;
  bool valid = false;
  bool cut = false;  // valid so far, but the text ends inside it
};

// The character at the beginning of `text` (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
Character first_character(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  size_t length = lead >= 0xC2 && lead <= 0xDF ? 2 : (lead & 0xF0) == 0xE0 ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
  if (length == 0) return {};
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {i, false, true};
    if (byte(i) < low || byte(i) > high) return {i, false};
    low = 0x80, high = 0xBF;
  }
  return {length, true};
}

}  // namespace

size_t whole_utf8(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    Character c = first_character(bytes.substr(i));
    if (c.cut) return i;
    i += c.bytes;
  }
  return bytes.size();
}

std::string repair_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (size_t i = 0; i < bytes.size();) {
    Character c = first_character(bytes.substr(i));
    if (c.valid) text += bytes.substr(i, c.bytes);
    else text += "\xEF\xBF\xBD";
    i += c.bytes;
  }
  return text;
}

TextStream::TextStream(std::vector<std::string> stops, std::string close)
    : stops_(std::move(stops)), close_(std::move(close)) {
  std::erase(stops_, "");
}

TextStream::Hit TextStream::add(std::string_view bytes) {
  pending_ += bytes;
  size_t first = std::string::npos;
  for (const std::string& stop : stops_)
    if (size_t at = pending_.find(stop); at < first) first = at, hit_ = Hit::stop, stop_ = stop;
  if (!close_.empty())
    if (size_t at = pending_.find(close_); at < first) first = at, hit_ = Hit::close, stop_.clear();
  if (first != std::string::npos) pending_.resize(hit_ == Hit::close ? first + close_.size() : first);
  return hit_;
}

size_t TextStream::held_back() const {
  if (hit_ != Hit::none) return 0;
  size_t most = 0;
  auto consider = [&](std::string_view stop) {
    for (size_t n = std::min(stop.size() - 1, pending_.size()); n > most; --n)
      if (pending_.ends_with(stop.substr(0, n))) most = n;
  };
  for (const std::string& stop : stops_) consider(stop);
  if (!close_.empty()) consider(close_);
  return most;
}

std::string TextStream::take() {
  std::string_view safe = std::string_view(pending_).substr(0, pending_.size() - held_back());
  size_t whole = whole_utf8(safe);
  std::string text = repair_utf8(safe.substr(0, whole));
  pending_.erase(0, whole);
  return text;
}

std::string TextStream::finish() {
  std::string text = repair_utf8(std::string_view(pending_).substr(0, whole_utf8(pending_)));
  pending_.clear();
  return text;
}

}  // namespace reckon
