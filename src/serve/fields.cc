#include "serve/fields.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>

#include "base/text.h"
#include "serve/refusal.h"

namespace reckon {

namespace json = boost::json;

namespace {
// What a parser of Boost.JSON tells of a text: here only which key comes twice in one object. The parsed value keeps
// the last of the two and says nothing.
struct Doubled {
  static constexpr size_t max_object_size = SIZE_MAX, max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX, max_string_size = SIZE_MAX;
  using Piece = json::string_view;
  using Code = boost::system::error_code&;

  bool on_object_begin(Code) { return open_.emplace_back(), true; }
  bool on_object_end(size_t, Code) { return open_.pop_back(), true; }
  bool on_key_part(Piece piece, size_t, Code) { return key_.append(piece.data(), piece.size()), true; }
  bool on_key(Piece piece, size_t size, Code code) {
    on_key_part(piece, size, code);
    bool fresh = open_.back().insert(key_).second;
    if (!fresh && !found) found = key_;
    key_.clear();
    return true;
  }
  bool on_document_begin(Code) { return true; }
  bool on_document_end(Code) { return true; }
  bool on_array_begin(Code) { return true; }
  bool on_array_end(size_t, Code) { return true; }
  bool on_string_part(Piece, size_t, Code) { return true; }
  bool on_string(Piece, size_t, Code) { return true; }
  bool on_number_part(Piece, Code) { return true; }
  bool on_int64(int64_t, Piece, Code) { return true; }
  bool on_uint64(uint64_t, Piece, Code) { return true; }
  bool on_double(double, Piece, Code) { return true; }
  bool on_bool(bool, Code) { return true; }
  bool on_null(Code) { return true; }
  bool on_comment_part(Piece, Code) { return true; }
  bool on_comment(Piece, Code) { return true; }

  std::optional<std::string> found;

 private:
  std::string key_;
  std::vector<std::set<std::string>> open_;  // the keys of the objects that are open
};
}  // namespace

void wrong(const std::string& path, const std::string& must) {
  throw Refusal(Api::invalid_value, fmt::format("{} must be {}", path, must), path);
}

void missing(const std::string& path) { throw Refusal(Api::missing_field, path + " is missing", path); }

json::object parse_body(std::string_view body) {
  json::parse_options options;
  options.max_depth = 64;
  boost::system::error_code error;
  json::value value = json::parse({body.data(), body.size()}, error, {}, options);
  if (error) throw Refusal(Api::invalid_json, fmt::format("the body is not JSON: {}", error.message()));
  if (!value.is_object()) throw Refusal(Api::invalid_json, "the body must be a JSON object");
  json::basic_parser<Doubled> again(options);
  again.write_some(false, body.data(), body.size(), error);
  if (const std::optional<std::string>& key = again.handler().found)
    throw Refusal(Api::invalid_json, fmt::format("the key '{}' is given twice", utf8_prefix(*key, 100)));
  return std::move(value.as_object());
}

void unsupported(const std::string& param, const std::string& what) {
  throw Refusal(Api::unsupported, fmt::format("{} is not supported: {}", param, what), param);
}

const json::value* Fields::any(std::string_view name) {
  known_.names.insert(name);
  const json::value* value = object_.if_contains({name.data(), name.size()});
  return value && !value->is_null() ? value : nullptr;
}

std::optional<std::string> Fields::text(std::string_view name) {
  const json::value* value = any(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) wrong(path(name), "a string");
  return std::string(value->as_string());
}

std::string Fields::required_text(std::string_view name) {
  std::optional<std::string> given = text(name);
  if (!given) missing(path(name));
  return *std::move(given);
}

std::optional<int64_t> Fields::integer(std::string_view name, int64_t low, int64_t high) {
  const json::value* value = any(name);
  if (!value) return std::nullopt;
  boost::system::error_code error;
  int64_t number = value->is_number() ? value->to_number<int64_t>(error) : 0;
  if (!value->is_number() || error || number < low || number > high)
    wrong(path(name), fmt::format("a whole number from {} to {}", low, high));
  return number;
}

std::optional<double> Fields::number(std::string_view name, double low, double high) {
  const json::value* value = any(name);
  if (!value) return std::nullopt;
  double number = value->is_number() ? value->to_number<double>() : 0;
  if (!value->is_number() || !(number >= low && number <= high))
    wrong(path(name), fmt::format("a number from {} to {}", low, high));
  return number;
}

std::optional<bool> Fields::flag(std::string_view name) {
  const json::value* value = any(name);
  if (!value) return std::nullopt;
  if (!value->is_bool()) wrong(path(name), "true or false");
  return value->as_bool();
}

const json::object* Fields::object(std::string_view name) {
  const json::value* value = any(name);
  if (value && !value->is_object()) wrong(path(name), "an object");
  return value ? &value->as_object() : nullptr;
}

const json::array* Fields::array(std::string_view name) {
  const json::value* value = any(name);
  if (value && !value->is_array()) wrong(path(name), "a list");
  return value ? &value->as_array() : nullptr;
}

std::vector<std::string> Fields::texts(std::string_view name, size_t most) {
  const json::value* value = any(name);
  if (!value) return {};
  if (value->is_string()) return {std::string(value->as_string())};
  const json::array* list = value->if_array();
  std::vector<std::string> result;
  if (list && list->size() <= most)
    for (const json::value& element : *list)
      if (element.is_string()) result.emplace_back(element.as_string());
  if (!list || result.size() != list->size())
    wrong(path(name), fmt::format("a string or a list of at most {} strings", most));
  return result;
}

void Fields::refuse(std::initializer_list<std::string_view> names, const std::string& why) {
  for (std::string_view name : names)
    if (known_.refused.insert(name); any(name)) unsupported(path(name), why);
}

std::vector<std::string> Fields::unknown() const {
  std::vector<std::string> names;
  for (const auto& member : object_)
    if (std::string_view key = member.key(); !known_.names.contains(key)) names.push_back(path(key));
  return names;
}

}  // namespace reckon
