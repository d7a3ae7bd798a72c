// The extractor: whatever it finds stands inside the text; so do the tests that a text holds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "verify/answer_verifier.h"
#include "verify/written_tests.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  reckon::Question question;
  question.task = static_cast<reckon::TaskKind>(data[0] % 5);
  question.choices = {"red", "green", "blue"};
  const auto answer = reckon::AnswerVerifier().extract(question, text, (data[0] & 64) != 0);
  if (answer && (answer->begin > answer->end || answer->end > text.size())) std::abort();
  for (const std::string& test : reckon::written_tests(text, (data[0] & 64) != 0))
    if (text.find(test) == std::string_view::npos) std::abort();
  return 0;
}
