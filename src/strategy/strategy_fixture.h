#pragma once
#include <gtest/gtest.h>

#include <chrono>

#include "base/sim.h"
#include "model/testing/simulated_model.h"
#include "strategy/catalog.h"
#include "strategy/run.h"

namespace reckon {

// The last word is the answer; "" is none.
class Verbatim : public Verifier {
 public:
  std::optional<Answer> extract(const Question&, std::string_view text, bool cut) const override {
    if (text.empty() || cut) return std::nullopt;
    size_t begin = text.find_last_of(" \n") + 1;
    return Answer{std::string(text.substr(begin)), std::string(text.substr(begin)), begin, text.size()};
  }
  Verdict judge(const Question&, const Answer& answer, std::string_view reference) const override {
    return answer.canonical == reference ? Verdict::equal : Verdict::different;
  }
  // A check accepts answers that end with an even digit; it cannot tell for "?".
  Verdict check(const Question&, const Answer& answer) const override {
    if (answer.canonical == "?") return Verdict::undecided;
    return (answer.canonical.back() - '0') % 2 == 0 ? Verdict::equal : Verdict::different;
  }
  std::string cannot_check(const Question& question) const override {
    return question.check ? "" : "the question has no condition";
  }
};

inline Question question(const std::string& text) {
  return {.id = "q", .messages = {{"user", text}}, .check = Check{.condition = "even"}};
}

struct Ran {
  Run run;
  std::chrono::milliseconds elapsed;
};
inline Ran ran(SimulatedModel& model, const std::string& strategy, RunOptions options = {},
               const std::string& text = "2+2?") {
  Sim sim;
  Question q = question(text);
  Verbatim verifier;
  Run result = sim.run(run(q, *make_strategy(strategy), model, verifier, std::move(options)));
  EXPECT_EQ(model.live, 0);
  EXPECT_EQ(sim.timers_left(), 0u);
  return {std::move(result), std::chrono::duration_cast<std::chrono::milliseconds>(sim.elapsed())};
}

}  // namespace reckon
