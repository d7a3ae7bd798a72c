#pragma once
#include <string>
#include <vector>

#include <reckon/question.h>

namespace reckon {

// The messages that put a question of this kind to a model: how to reason, and in which form to commit to an answer.
// The same for solve, eval and a program that embeds Reckon, so that their numbers can be compared.
std::vector<Message> instruct(TaskKind task, const std::string& question, const std::vector<std::string>& choices = {});

// All that the question's messages say, for a prompt about the question; an empty line follows each.
std::string asked_text(const Question& question);

}  // namespace reckon
