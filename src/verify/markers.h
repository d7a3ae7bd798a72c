#pragma once
#include <optional>
#include <string_view>

namespace reckon::verify {

// A place where a text commits itself to an answer. `content` is empty where the mark is there and the answer is not.
struct Mark {
  std::string_view content;
  const char* at = nullptr;  // where the mark itself begins
};

// What is said outside thinking blocks; none where a thinking block never ends.
std::optional<std::string_view> spoken(std::string_view text);

// The last mark of each kind.
std::optional<Mark> last_box(std::string_view text);         // \boxed{...}, \boxed 5, \fbox{...}
std::optional<Mark> last_hashes(std::string_view text);      // #### 42 (GSM8K)
std::optional<Mark> last_answer_tag(std::string_view text);  // <answer>...</answer>
std::optional<Mark> last_json_field(std::string_view text);  // "answer": ..., also escaped or cut
std::optional<Mark> last_phrase(std::string_view text);      // "the answer is ...", "Answer: ..."

// The last of the first four, which are made for machines; a phrase only where there is none of them or where it
// corrects one.
std::optional<Mark> commitment(std::string_view text);

}  // namespace reckon::verify
