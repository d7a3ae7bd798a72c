#pragma once
#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace reckon {

// Refuses a field's value: "PATH must be MUST", `code` invalid_value.
[[noreturn]] void wrong(const std::string& path, const std::string& must);

// A request's body: one JSON object, at most 64 levels deep. Throws Refusal{invalid_request}.
boost::json::object parse_body(std::string_view body);

// Reads the fields of an object one by one, checks types and ranges, and remembers what nobody asked for. null counts
// as absent. Errors are Refusal{invalid_request} naming the field.
class Fields {
 public:
  explicit Fields(const boost::json::object& object, std::string where = {})
      : object_(object), where_(std::move(where)) {}

  const boost::json::value* any(std::string_view name);
  std::optional<std::string> text(std::string_view name);
  std::optional<int64_t> integer(std::string_view name, int64_t low, int64_t high);
  std::optional<double> number(std::string_view name, double low, double high);
  std::optional<bool> flag(std::string_view name);
  const boost::json::object* object(std::string_view name);
  const boost::json::array* array(std::string_view name);
  std::vector<std::string> texts(std::string_view name, size_t most);  // one text, or a list of them
  void ignore(std::initializer_list<std::string_view> names);          // known, and without effect on the answer

  std::string path(std::string_view name) const { return where_ + std::string(name); }
  std::vector<std::string> unknown() const;

 private:
  const boost::json::object& object_;
  std::string where_;
  std::set<std::string, std::less<>> read_;
};

}  // namespace reckon
