#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace reckon {

// A JSON Schema (drafts 4 to 7, by valijson), to check documents against. Bounded whatever schema and document say:
// patterns run in RE2 (linear time), references stay inside the schema, depth, size and the number of checks are
// limited. Not changed after construction: safe from any thread.
class JsonSchema {
 public:
  // Throws Error{invalid_request} that names what is wrong: not JSON, too large, a reference to another document or to
  // itself, a pattern that RE2 does not take (backreferences, look-around), an invalid keyword.
  explicit JsonSchema(std::string_view schema);
  ~JsonSchema();
  JsonSchema(JsonSchema&&) noexcept;

  // Nothing when the document is valid. Else one line for a person, with the place as a JSON pointer:
  // "at /items/3/price: expected number, got string".
  std::optional<std::string> problem(std::string_view document) const;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace reckon
