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
// Refuses its absence: "PATH is missing", `code` missing_field.
[[noreturn]] void missing(const std::string& path);

// Refuses what the model or this version cannot do: `code` unsupported.
[[noreturn]] void unsupported(const std::string& param, const std::string& what);

// A request's body: one JSON object, at most 64 levels deep. Throws Refusal{invalid_request}.
boost::json::object parse_body(std::string_view body);

// What a surface reads of an object of its requests.
struct KnownFields {
  std::string where;  // before each name: "", "reckon."
  std::set<std::string_view> names{}, ignored{}, refused{};
};

// Reads the fields of an object one by one, checks types and ranges, and remembers what nobody asked for. null counts
// as absent. Errors are Refusal{invalid_request} naming the field.
class Fields {
 public:
  // Names must last as long as the program.
  explicit Fields(const boost::json::object& object, std::string where = {})
      : object_(object), known_{.where = std::move(where)} {}

  const boost::json::value* any(std::string_view name);
  std::optional<std::string> text(std::string_view name);
  std::string required_text(std::string_view name);
  std::optional<int64_t> integer(std::string_view name, int64_t low, int64_t high);
  std::optional<double> number(std::string_view name, double low, double high);
  std::optional<bool> flag(std::string_view name);
  const boost::json::object* object(std::string_view name);
  const boost::json::array* array(std::string_view name);
  std::vector<std::string> texts(std::string_view name, size_t most);  // one text, or a list of them
  // Known, and without effect on the answer; `read` checks their type, as &Fields::text does.
  template <class Read>
  void ignore(Read read, std::initializer_list<std::string_view> names) {
    for (std::string_view name : names) (this->*read)(name), known_.ignored.insert(name);
  }
  void refuse(std::initializer_list<std::string_view> names, const std::string& why);  // where they are given

  std::string path(std::string_view name) const { return known_.where + std::string(name); }
  std::vector<std::string> unknown() const;
  KnownFields known() && { return std::move(known_); }

 private:
  const boost::json::object& object_;
  KnownFields known_;
};

}  // namespace reckon
