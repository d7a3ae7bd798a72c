#include "engine/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

#include <reckon/error.h>

#include "engine/text_stream.h"

namespace reckon {

void check_text(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    throw Error(Code::invalid_request, "the text holds a NUL byte; remove it");
  if (!valid_utf8(text)) throw Error(Code::invalid_request, "the text is not valid UTF-8; convert it first");
}

Vocabulary::Vocabulary(const llama_vocab* vocab)
    : vocab_(vocab), size_(llama_vocab_n_tokens(vocab)), hidden_(static_cast<size_t>(size_), false) {
  for (int token = 0; token < size_; ++token) {
    auto attributes = static_cast<unsigned>(llama_vocab_get_attr(vocab, token));
    if ((attributes & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN)) == 0) continue;
    hidden_[static_cast<size_t>(token)] = !ends_turn(token);
    std::string text = llama_vocab_get_text(vocab, token);
    if (!text.empty()) control_.push_back(std::move(text));
  }
  std::vector<int> letter = tokens("a", false, false);
  adds_space_ = !letter.empty() && piece(letter.front()).starts_with(' ');
  if (adds_space_) line_break_ = tokens("\n", false, true);
}

// Behind a line break no space is added; what the line break becomes is known and taken off again.
std::vector<int> Vocabulary::continuation(std::string_view text) const {
  if (!adds_space_) return tokens(text, false, true);
  std::vector<int> all = tokens("\n" + std::string(text), false, true);
  if (all.size() < line_break_.size() || !std::equal(line_break_.begin(), line_break_.end(), all.begin()))
    return tokens(text, false, true);
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(line_break_.size()));
  return all;
}

std::vector<int> Vocabulary::tokens(std::string_view text, bool begin, bool control) const {
  check_text(text);
  if (text.size() > (1u << 26)) throw Error(Code::invalid_request, "the text is longer than 64 MiB; shorten it");
  std::vector<int> tokens(text.size() / 3 + 16);
  auto length = static_cast<int32_t>(text.size());
  auto room = [&] { return static_cast<int32_t>(tokens.size()); };
  int count = llama_tokenize(vocab_, text.data(), length, tokens.data(), room(), begin, control);
  if (count < 0) {
    tokens.resize(static_cast<size_t>(-count));
    count = llama_tokenize(vocab_, text.data(), length, tokens.data(), room(), begin, control);
  }
  if (count < 0) throw Error(Code::internal, "the tokenizer changed its mind about a text's length");
  tokens.resize(static_cast<size_t>(count));
  return tokens;
}

std::string Vocabulary::read(int token, bool special) const {
  std::string bytes(32, '\0');
  int count = llama_token_to_piece(vocab_, token, bytes.data(), static_cast<int32_t>(bytes.size()), 0, special);
  if (count < 0) {
    bytes.resize(static_cast<size_t>(-count));
    count = llama_token_to_piece(vocab_, token, bytes.data(), static_cast<int32_t>(bytes.size()), 0, special);
  }
  bytes.resize(static_cast<size_t>(std::max(count, 0)));
  return bytes;
}

std::string Vocabulary::piece(int token) const {
  std::string text = read(token, false);
  if (!text.empty() || visible_.empty()) return text;
  text = read(token, true);
  return std::find(visible_.begin(), visible_.end(), text) == visible_.end() ? "" : text;
}

std::string Vocabulary::spelling(int token) const {
  if (token < 0 || token >= size_)
    throw Error(Code::invalid_request, fmt::format("there is no token {}; there are {}", token, size_));
  return read(token, true);
}

void Vocabulary::keep_visible(std::string_view text) {
  if (std::find(control_.begin(), control_.end(), text) == control_.end()) return;
  visible_.emplace_back(text);
  for (int token = 0; token < size_; ++token)
    if (hidden_[static_cast<size_t>(token)] && read(token, true) == text) hidden_[static_cast<size_t>(token)] = false;
}

std::vector<std::string> Vocabulary::control_spellings(std::string_view text) const {
  std::vector<std::string> found;
  for (const std::string& spelling : control_)
    if (text.find(spelling) != std::string_view::npos) found.push_back(spelling);
  std::sort(found.begin(), found.end(), [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  return found;
}

}  // namespace reckon
