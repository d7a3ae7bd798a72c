#pragma once
#include <llama.h>

#include <string>
#include <string_view>
#include <vector>

#include <reckon/question.h>

namespace reckon {

// Text to tokens and back. Read-only after construction: safe from any thread.
class Vocabulary {
 public:
  explicit Vocabulary(const llama_vocab* vocab);

  // `begin` adds what the model wants at the beginning of a text; `control` reads the spellings of control tokens as
  // those tokens. Throws Error{invalid_request} for NUL and for what is not UTF-8.
  std::vector<int> tokens(std::string_view text, bool begin, bool control) const;
  // The same for text that follows other text: some tokenizers would put a space before it. Control tokens count.
  std::vector<int> continuation(std::string_view text) const;
  std::string piece(int token) const;  // bytes; control tokens have none, except those kept visible
  bool ends_turn(int token) const { return llama_vocab_is_eog(vocab_, token); }
  bool hidden(int token) const { return hidden_[static_cast<size_t>(token)]; }  // has no text and ends no turn
  std::string spelling(int token) const;                                        // bytes, also of control tokens
  TokenLogprob told(int token, double logprob) const { return {token, spelling(token), logprob}; }
  int size() const { return size_; }
  const llama_vocab* handle() const { return vocab_; }

  // The tags of thinking and of tool calls may be control tokens; their text must be seen.
  void keep_visible(std::string_view text);
  // Spellings of the control tokens that occur in `text`.
  std::vector<std::string> control_spellings(std::string_view text) const;

 private:
  std::string read(int token, bool special) const;
  const llama_vocab* vocab_;
  int size_;
  std::vector<bool> hidden_;
  bool adds_space_ = false;      // before a text
  std::vector<int> line_break_;  // the tokens of "\n" at the beginning of a text
  std::vector<std::string> control_;
  std::vector<std::string> visible_;
};

void check_text(std::string_view text);  // throws Error{invalid_request} for NUL and invalid UTF-8

}  // namespace reckon
