#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <reckon/question.h>

namespace reckon {

struct LineError {
  int line = 0;         // from 1; of a file that is one JSON document: the example
  std::string message;  // what is wrong with it
};

// Questions in the order of the file, ready to be asked: the messages hold the instruction of their kind. Lines that
// cannot be used are told apart and do not stop the others.
struct QuestionFile {
  std::string format;  // the one that was read; never auto
  std::vector<Question> questions;
  std::vector<LineError> errors;
};

// Reads a data set in the form its makers publish it; `path` may end in .zst. Formats (docs/data-formats.md): gsm8k,
// math500, aime (also AMC), aqua, mmlu, bbh, humaneval, mbpp, jsonl (our own) and auto, which looks at the first line.
// Throws Error{not_found} without a file, Error{invalid_request} for an unknown format, broken zstd or a BBH file that
// is not one JSON document.
QuestionFile read_questions(const std::string& path, const std::string& format = "auto");
QuestionFile parse_questions(std::string_view text, const std::string& format, const std::string& id_prefix);

}  // namespace reckon
