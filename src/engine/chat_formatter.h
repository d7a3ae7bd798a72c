#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <reckon/model.h>

struct llama_model;

namespace reckon {

// A piece of a prompt: the template's own text, whose control tokens count, or text of a message, whose do not.
struct PromptPiece {
  std::string text;
  bool control = true;
};

// Messages to the text that the model was trained to continue, by its own chat template, and answers back.
class ChatFormatter {
 public:
  virtual ~ChatFormatter() = default;
  // Throws Error{invalid_request} when the template refuses the messages. Ends where the assistant's turn begins.
  virtual std::string format(const Prompt& prompt) const = 0;
  virtual Form form(const Prompt& prompt) const = 0;  // as Model::form
  virtual Turn read(const Form& form, std::string_view text, bool cut) const = 0;
  virtual const std::string& think_open() const = 0;  // "" when the model has no thinking block
  virtual const std::string& think_close() const = 0;
  virtual bool think_first() const = 0;  // the template opens the thinking block
  virtual bool tools() const = 0;        // the template has a place for them
  // Texts that may be control tokens and belong to the answer.
  virtual const std::vector<std::string>& visible() const = 0;
};

std::unique_ptr<ChatFormatter> make_chat_formatter(const llama_model* model);  // model outlives it

// Every text of messages and tools, which somebody else wrote.
void for_each_text(Prompt& prompt, const std::function<void(std::string&)>& use);

// The template's output as pieces: where a message spells one of `spellings` (control tokens), that spelling stays
// text. Any thread.
std::vector<PromptPiece> format_safely(const ChatFormatter& formatter, Prompt prompt,
                                       const std::vector<std::string>& spellings);

}  // namespace reckon
