#include "eval/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include <reckon/error.h>

namespace reckon {

int Pool::Question::answer_id(std::string_view canonical) const {
  for (size_t i = 0; i < answers.size(); ++i)
    if (answers[i].text == canonical) return static_cast<int>(i);
  return -1;
}

int Pool::least_samples() const {
  size_t least = questions.empty() ? 0 : questions.front().samples.size();
  for (const Question& question : questions) least = std::min(least, question.samples.size());
  return static_cast<int>(least);
}

void validate(const Pool& pool) {
  auto refuse = [&](const std::string& what) {
    throw Error(Code::invalid_request, fmt::format("{}: {}", pool.name, what));
  };
  if (pool.questions.empty()) refuse("the recording holds no questions");
  std::set<std::string_view> ids;
  for (const Pool::Question& question : pool.questions) {
    if (!ids.insert(question.id).second)
      refuse(fmt::format("question {} appears twice; are two recordings mixed in one file?", question.id));
    if (question.samples.empty()) refuse(fmt::format("question {} has no samples", question.id));
    for (const Pool::Sample& sample : question.samples) {
      if (!std::isfinite(sample.tokens) || sample.tokens < 0)
        refuse(fmt::format("a sample of question {} has no token count, so no cost can be computed", question.id));
      if (sample.answer < -1 || sample.answer >= static_cast<int>(question.answers.size()))
        refuse(fmt::format("a sample of question {} names an answer that is not listed", question.id));
    }
  }
}

}  // namespace reckon
