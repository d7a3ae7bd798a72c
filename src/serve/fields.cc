#include "serve/fields.h"

#include <fmt/format.h>

#include "serve/refusal.h"

namespace reckon {

namespace json = boost::json;

namespace {
[[noreturn]] void wrong(const std::string& path, const std::string& must) {
  throw Refusal(Code::invalid_request, fmt::format("{} must be {}", path, must), path, "invalid_value");
}
}  // namespace

json::object parse_body(std::string_view body) {
  json::parse_options options;
  options.max_depth = 64;
  boost::system::error_code error;
  json::value value = json::parse({body.data(), body.size()}, error, {}, options);
  if (error)
    throw Refusal(Code::invalid_request, fmt::format("the body is not JSON: {}", error.message()), "", "invalid_json");
  if (!value.is_object()) throw Refusal(Code::invalid_request, "the body must be a JSON object", "", "invalid_json");
  return std::move(value.as_object());
}

const json::value* Fields::any(std::string_view name) {
  read_.emplace(name);
  const json::value* value = object_.if_contains({name.data(), name.size()});
  return value && !value->is_null() ? value : nullptr;
}

std::optional<std::string> Fields::text(std::string_view name) {
  const json::value* value = any(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) wrong(path(name), "a string");
  return std::string(value->as_string());
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

void Fields::ignore(std::initializer_list<std::string_view> names) { read_.insert(names.begin(), names.end()); }

std::vector<std::string> Fields::unknown() const {
  std::vector<std::string> names;
  for (const auto& member : object_)
    if (!read_.contains(std::string_view(member.key().data(), member.key().size())))
      names.push_back(path({member.key().data(), member.key().size()}));
  return names;
}

}  // namespace reckon
