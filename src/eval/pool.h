#pragma once
#include <optional>
#include <string>
#include <vector>

#include <reckon/model.h>
#include <reckon/question.h>

namespace reckon {

// Recorded answers of one model to the questions of one data set, as replay sees them: no text, only what a stopping
// policy can look at and what it costs. Importers make these; validate() is called before anything is computed from
// one.
struct Pool {
  struct Answer {
    std::string text;  // canonical form: answers that mean the same are one entry
    bool correct = false;
  };
  struct Sample {
    int answer = -1;    // index into Question::answers; -1: missing (empty, unparseable or cut off)
    double tokens = 0;  // generated tokens, charged whether or not there is an answer; NaN: unknown
    std::optional<double> answer_logprob = std::nullopt;  // mean over the answer's tokens, nats
  };
  struct Question {
    std::string id;      // the same question has the same id in every pool of the data set
    std::string family;  // questions of one template or subject; "" = on its own
    double prompt_tokens = 0;
    std::vector<Answer> answers;
    std::vector<Sample> samples;                      // exchangeable draws
    int answer_id(std::string_view canonical) const;  // index in `answers`, or -1
  };
  std::string name;                               // shown in tables, unique within a report
  std::string model;                              // one model per pool
  std::string dataset;                            // pools of one data set share questions and are resampled together
  std::optional<TaskKind> task = TaskKind::math;  // the kind of its answers; none: several
  std::optional<Shape> shape;                     // for FLOPs
  std::vector<Question> questions;

  int least_samples() const;  // of any question; 0 for an empty pool
};

// Throws Error{invalid_request} with one sentence if no honest number can be computed from `pool`: no questions, two
// questions of one id, a question without samples, a sample without a token count or with an unknown answer.
void validate(const Pool& pool);

}  // namespace reckon
