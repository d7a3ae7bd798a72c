// The one file that includes llama.cpp's `common` headers.
#include <chat.h>
#include <log.h>

#include <fmt/format.h>

#include <reckon/error.h>

#include "engine/chat_formatter.h"
#include "engine/llama_handles.h"

namespace reckon {
namespace {

class CommonChatFormatter : public ChatFormatter {
 public:
  explicit CommonChatFormatter(const llama_model* model) {
    common_log_set_verbosity_thold(-1);  // a library does not print
    try {
      templates_ = common_chat_templates_init(model, "");
      common_chat_params params = apply({{"user", "2+2?"}});
      think_open_ = params.thinking_start_tag;
      if (!params.thinking_end_tags.empty()) think_close_ = params.thinking_end_tags.front();
    } catch (const std::exception& error) {
      // Raw text still works; format() says what is wrong when messages come.
      failure_ = error.what();
    }
  }

  std::string format(const std::vector<Message>& messages) const override {
    if (!failure_.empty())
      throw Error(Code::unsupported, fmt::format("the model's chat template cannot be used: {}", failure_));
    try {
      return apply(messages).prompt;
    } catch (const std::exception& error) {
      throw Error(Code::invalid_request, fmt::format("the chat template refuses these messages: {}", error.what()));
    }
  }
  const std::string& think_open() const override { return think_open_; }
  const std::string& think_close() const override { return think_close_; }

 private:
  common_chat_params apply(const std::vector<Message>& messages) const {
    LlamaGuard guard;
    common_chat_templates_inputs inputs;
    inputs.use_jinja = true;
    inputs.add_generation_prompt = true;
    for (const Message& message : messages) {
      common_chat_msg& m = inputs.messages.emplace_back();
      m.role = message.role;
      m.content = message.content;
    }
    return common_chat_templates_apply(templates_.get(), inputs);
  }

  common_chat_templates_ptr templates_;
  std::string failure_, think_open_, think_close_;
};

}  // namespace

std::unique_ptr<ChatFormatter> make_chat_formatter(const llama_model* model) {
  return std::make_unique<CommonChatFormatter>(model);
}

}  // namespace reckon
