#pragma once
#include <string>
#include <vector>

#include <reckon/verifier.h>

namespace reckon {

// The number after "####", as HashModel writes it.
class Marked : public Verifier {
 public:
  std::optional<Answer> extract(const Question&, std::string_view text, bool) const override {
    size_t at = text.find("#### ");
    if (at == std::string_view::npos) return std::nullopt;
    std::string value(text.substr(at + 5));
    return Answer{value, value, at + 5, text.size()};
  }
  Verdict judge(const Question&, const Answer& answer, std::string_view reference) const override {
    return answer.canonical == reference ? Verdict::equal : Verdict::different;
  }
};

inline std::vector<Question> questions(int count) {
  std::vector<Question> list;
  for (int i = 0; i < count; ++i)
    list.push_back({.id = std::to_string(i),
                    .messages = {{"user", "question " + std::to_string(i)}},
                    .reference = std::to_string(i)});
  return list;
}

}  // namespace reckon
