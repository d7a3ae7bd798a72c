#pragma once
#include <memory>
#include <string>
#include <vector>

#include <reckon/question.h>

struct llama_model;

namespace reckon {

// A piece of a prompt: the template's own text, whose control tokens count, or text of a message, whose do not.
struct PromptPiece {
  std::string text;
  bool control = true;
};

// Messages to the text that the model was trained to continue, by its own chat template.
class ChatFormatter {
 public:
  virtual ~ChatFormatter() = default;
  // Throws Error{invalid_request} when the template refuses the messages. Ends where the assistant's turn begins.
  virtual std::string format(const std::vector<Message>& messages) const = 0;
  virtual const std::string& think_open() const = 0;  // "" when the model has no thinking block
  virtual const std::string& think_close() const = 0;
};

std::unique_ptr<ChatFormatter> make_chat_formatter(const llama_model* model);  // model outlives it

// The template's output as pieces: where a message spells one of `spellings` (control tokens), that spelling stays
// text. Any thread.
std::vector<PromptPiece> format_safely(const ChatFormatter& formatter, std::vector<Message> messages,
                                       const std::vector<std::string>& spellings);

}  // namespace reckon
