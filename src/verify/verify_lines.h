#pragma once
#include <string>
#include <string_view>

namespace reckon::verify {

// The work of `reckon verify`: one JSON object in, the same object with what was found out.
struct Line {
  std::string text;     // without a line end
  std::string problem;  // why the line could not be read; then `text` says verdict "error" as well
};

// Fields gold and candidate (or candidate_parts: [[text, count], ...], or candidate_b64), optional task and choices;
// adds verdict, reason, canonical_gold and canonical.
Line verify_pair(std::string_view line);

// Fields text and task, optional choices and cut; adds extracted (text or null) and span ([begin, end) in bytes, or
// null).
Line verify_extraction(std::string_view line);

// How both answers were read and which rule decided, for a person.
std::string explain(std::string_view gold, std::string_view candidate);

}  // namespace reckon::verify
