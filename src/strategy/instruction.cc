#include "strategy/instruction.h"

namespace reckon {

std::vector<Message> instruct(TaskKind task, const std::string& question, const std::vector<std::string>& choices) {
  std::string text = question;
  for (size_t i = 0; i < choices.size(); ++i)
    text += (i == 0 ? "\n\n" : "\n") + std::string(1, static_cast<char>('A' + i)) + ") " + choices[i];
  switch (task) {
    case TaskKind::math: text += "\n\nReason step by step, and put your final answer within \\boxed{}."; break;
    case TaskKind::choice:
      text += "\n\nReason step by step, and end with \"The answer is (X)\", where X is the letter of the right option.";
      break;
    case TaskKind::text:
      text += "\n\nReason step by step, and end with \"The answer is\" followed by your final answer.";
      break;
    case TaskKind::json: text += "\n\nAnswer with one JSON value in a ```json block."; break;
    case TaskKind::code: text += "\n\nAnswer with the complete program in one ```python block."; break;
  }
  return {{"user", std::move(text)}};
}

std::string asked_text(const Question& question) {
  std::string text;
  for (const Message& message : question.messages) text += message.content + "\n\n";
  return text;
}

}  // namespace reckon
