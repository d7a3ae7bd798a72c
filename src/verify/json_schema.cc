#define VALIJSON_USE_EXCEPTIONS 1  // else it ends the process
#include "verify/json_schema.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <boost/json.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "verify/json_answer.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace json = boost::json;
using Adapter = valijson::adapters::BoostJsonAdapter;

constexpr size_t kSchemaBytes = 256u << 10;
constexpr size_t kPatterns = 200, kPatternLength = 1000;
constexpr int64_t kScannedBytes = 64ll << 20;  // of strings by patterns, for one document
constexpr int64_t kChecks = 200000;            // of a part of the schema against a part of the document

// Date formats, which valijson would give to a backtracking matcher.
const std::map<std::string, std::string, std::less<>>& formats() {
  static const std::string date = "[0-9]{4}-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])";
  static const std::string time =
      "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
  static const std::map<std::string, std::string, std::less<>> all = {
      {"date", "^" + date + "$"}, {"time", "^" + time + "$"}, {"date-time", "^" + date + "[Tt]" + time + "$"}};
  return all;
}

[[noreturn]] void refuse(const std::string& why) { throw Error(Code::invalid_request, "the JSON Schema " + why); }

std::optional<json::value> parse(std::string_view text, size_t largest) {
  json::parse_options options;
  options.max_depth = kJsonDepth;
  json::error_code error;
  if (text.size() > largest) return std::nullopt;
  json::value value = json::parse(text, error, {}, options);
  return error ? std::nullopt : std::optional(std::move(value));
}

const json::value* resolve(const json::value& root, json::string_view reference) {
  if (reference == "#") return &root;
  if (!reference.starts_with("#/")) return nullptr;
  json::error_code error;
  const json::value* found = root.find_pointer(reference.substr(1), error);
  return error ? nullptr : found;
}

enum class Holds { schema, schemas, map };  // what is below a keyword: a schema, a list, or names with schemas
constexpr std::pair<const char*, Holds> kBelow[] = {{"additionalItems", Holds::schema},
                                                    {"additionalProperties", Holds::schema},
                                                    {"contains", Holds::schema},
                                                    {"else", Holds::schema},
                                                    {"if", Holds::schema},
                                                    {"items", Holds::schema},
                                                    {"not", Holds::schema},
                                                    {"propertyNames", Holds::schema},
                                                    {"then", Holds::schema},
                                                    {"allOf", Holds::schemas},
                                                    {"anyOf", Holds::schemas},
                                                    {"oneOf", Holds::schemas},
                                                    {"items", Holds::schemas},
                                                    {"$defs", Holds::map},
                                                    {"definitions", Holds::map},
                                                    {"dependencies", Holds::map},
                                                    {"patternProperties", Holds::map},
                                                    {"properties", Holds::map}};

template <class Visit>  // (keyword, schema below it)
void for_each_below(const json::object& schema, Visit visit) {
  for (auto [keyword, holds] : kBelow) {
    const json::value* below = schema.if_contains(keyword);
    if (below == nullptr) continue;
    if (holds == Holds::schema && below->is_object()) visit(std::string_view(keyword), *below);
    if (holds == Holds::schemas && below->is_array())
      for (const json::value& entry : below->get_array()) visit(std::string_view(keyword), entry);
    if (holds == Holds::map && below->is_object())
      for (const auto& member : below->get_object()) visit(std::string_view(keyword), member.value());
  }
}

using Patterns = std::map<std::string, std::unique_ptr<RE2>, std::less<>>;

// Compiles every pattern and checks every reference of a schema.
class Reader {
 public:
  Reader(const json::value& root, Patterns& patterns) : root_(root), patterns_(patterns) {}
  void read(const json::value& value) {
    const json::object* schema = value.if_object();
    if (schema == nullptr) return;
    parts_.push_back(&value);
    if (const auto* reference = schema->if_contains("$ref")) check_reference(*reference);
    if (schema->contains("$id") && value != root_)
      refuse("gives a part an $id of its own: use local references (#/...)");
    if (const auto* pattern = schema->if_contains("pattern")) {
      if (!pattern->is_string()) refuse("has a pattern that is not a string");
      compile(pattern->get_string());
    }
    if (const auto* format = schema->if_contains("format"); format != nullptr && format->is_string())
      if (auto known = formats().find(std::string_view(format->get_string())); known != formats().end())
        compile(known->second);
    if (const auto* named = schema->if_contains("patternProperties"); named != nullptr && named->is_object())
      for (const auto& member : named->get_object()) compile(member.key());
    for_each_below(*schema, [this](std::string_view, const json::value& below) { read(below); });
  }

  const std::vector<const json::value*>& parts() const { return parts_; }

 private:
  void check_reference(const json::value& reference) const {
    if (!reference.is_string()) refuse("has a $ref that is not a string");
    const json::string& text = reference.get_string();
    if (!text.starts_with('#'))
      refuse(fmt::format("refers to another document ({}): only references that start with # are followed",
                         std::string_view(text).substr(0, 200)));
    if (resolve(root_, text) == nullptr)
      refuse(fmt::format("refers to {}, which it does not have", std::string_view(text).substr(0, 200)));
  }
  void compile(json::string_view text) {
    std::string pattern(text);
    if (patterns_.contains(pattern)) return;
    if (patterns_.size() >= kPatterns || pattern.size() > kPatternLength)
      refuse(fmt::format("has more than {} patterns or one of more than {} characters", kPatterns, kPatternLength));
    RE2::Options quiet;
    quiet.set_log_errors(false);
    quiet.set_max_mem(1 << 20);
    auto compiled = std::make_unique<RE2>(pattern, quiet);
    if (!compiled->ok())
      refuse(fmt::format("has the pattern {}, which cannot be used: {}", pattern, compiled->error()));
    patterns_.emplace(std::move(pattern), std::move(compiled));
  }

  const json::value& root_;
  Patterns& patterns_;
  std::vector<const json::value*> parts_;
};

// How often a part of the schema will be checked against a part of the document; an upper bound. Found before anything
// is checked, because references can make it exponential.
class Count {
 public:
  explicit Count(const json::value& root) : root_(root) {}
  // kChecks and more: too many. A part that needs itself on the same value would never end.
  int64_t of(const json::value& part, const json::value& value) {
    const json::object* schema = part.if_object();
    if (schema == nullptr) return 1;
    auto [known, fresh] = counts_.try_emplace({&part, &value}, -1);
    if (!fresh) return known->second < 0 ? kChecks : known->second;
    if (static_cast<int64_t>(counts_.size()) > kChecks) return kChecks;
    int64_t count = 1;
    auto add = [&](const json::value& below, const json::value& at) {
      if (count < kChecks) count += of(below, at);
    };
    if (const auto* reference = schema->if_contains("$ref"); reference != nullptr && reference->is_string())
      if (const auto* target = resolve(root_, reference->get_string())) add(*target, value);
    for_each_below(*schema, [&](std::string_view keyword, const json::value& below) {
      if (keyword == "definitions" || keyword == "$defs" || keyword == "propertyNames") return;
      if (keyword == "properties" || keyword == "patternProperties" || keyword == "additionalProperties") {
        if (value.is_object())
          for (const auto& member : value.get_object()) add(below, member.value());
      } else if (keyword == "items" || keyword == "additionalItems" || keyword == "contains") {
        if (value.is_array())
          for (const json::value& item : value.get_array()) add(below, item);
      } else {
        add(below, value);
      }
    });
    counts_[{&part, &value}] = count;
    return count;
  }

 private:
  const json::value& root_;
  std::map<std::pair<const json::value*, const json::value*>, int64_t> counts_;
};

void gather_strings(const json::value& value, std::set<std::string, std::less<>>& strings) {
  if (const auto* text = value.if_string()) strings.emplace(*text);
  if (const auto* array = value.if_array())
    for (const json::value& item : *array) gather_strings(item, strings);
  if (const auto* object = value.if_object())
    for (const auto& member : *object) {
      strings.emplace(member.key());
      gather_strings(member.value(), strings);
    }
}

// The same schema for one document, with every pattern replaced by the strings of that document it applies to:
// `pattern` by "none of those that do not match", `patternProperties` by `properties` with the names that match.
class Rewrite {
 public:
  Rewrite(const Patterns& patterns, const json::value& document) : patterns_(patterns) {
    gather_strings(document, strings_);
    for (const std::string& text : strings_) bytes_ += static_cast<int64_t>(text.size());
  }
  bool affordable() const { return bytes_ * static_cast<int64_t>(patterns_.size()) <= kScannedBytes; }

  json::value schema(const json::value& value) const {
    const json::object* from = value.if_object();
    if (from == nullptr) return value;
    json::object to;
    json::array all;
    for (const auto& member : *from) {
      json::string_view key = member.key();
      if (key == "pattern" || key == "patternProperties" || key == "$id" || key == "id" || key == "$schema") continue;
      if (key == "format") continue;
      if (key == "allOf" && member.value().is_array())
        for (const json::value& part : member.value().get_array()) all.push_back(schema(part));
      else to.emplace(key, below(key, member.value()));
    }
    if (const auto* pattern = from->if_contains("pattern")) all.push_back(none_of(pattern->get_string()));
    if (const auto* format = from->if_contains("format"); format != nullptr && format->is_string())
      if (auto known = formats().find(std::string_view(format->get_string())); known != formats().end())
        all.push_back(none_of(known->second));
    if (const auto* named = from->if_contains("patternProperties"); named != nullptr && named->is_object())
      add_matching(named->get_object(), to);
    if (!all.empty()) to["allOf"] = std::move(all);
    return to;
  }

 private:
  json::value below(json::string_view key, const json::value& value) const {
    for (auto [keyword, holds] : kBelow) {
      if (key != keyword) continue;
      if (holds == Holds::schema && value.is_object()) return schema(value);
      if (holds == Holds::schemas && value.is_array()) {
        json::array out;
        for (const json::value& entry : value.get_array()) out.push_back(schema(entry));
        return out;
      }
      if (holds == Holds::map && value.is_object()) {
        json::object out;
        for (const auto& member : value.get_object()) out.emplace(member.key(), schema(member.value()));
        return out;
      }
    }
    return value;
  }
  const RE2& compiled(json::string_view pattern) const { return *patterns_.find(std::string_view(pattern))->second; }

  json::value none_of(json::string_view pattern) const {
    json::array wrong;
    for (const std::string& text : strings_)
      if (!RE2::PartialMatch(text, compiled(pattern))) wrong.emplace_back(text);
    if (wrong.empty()) return json::object();
    return {{"not", {{"enum", std::move(wrong)}}}};
  }
  void add_matching(const json::object& named, json::object& to) const {
    if (!to.contains("properties")) to["properties"] = json::object();
    if (!to["properties"].is_object()) return;
    json::object& properties = to["properties"].get_object();
    for (const auto& member : named)
      for (const std::string& name : strings_)
        if (RE2::PartialMatch(name, compiled(member.key()))) {
          json::value also = schema(member.value());
          json::value& place = properties[name];
          place = place.is_null() ? also : json::value{{"allOf", json::array{place, also}}};
        }
  }

  const Patterns& patterns_;
  std::set<std::string, std::less<>> strings_;
  int64_t bytes_ = 0;
};

std::string kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "boolean";
    case json::kind::int64:
    case json::kind::uint64: return "integer";
    case json::kind::double_: return "number";
    case json::kind::string: return "string";
    case json::kind::array: return "array";
    case json::kind::object: return "object";
  }
  return "";
}

// Where in the document, and the part of the schema that speaks of it as far as plain nesting leads there.
struct Place {
  std::string pointer;
  const json::value* value = nullptr;
  const json::value* schema = nullptr;
};

const json::value* part_for(const json::value& root, const json::value* schema, const std::string& step, bool index) {
  for (int hops = 0; schema != nullptr && schema->is_object() && hops < 32; ++hops) {
    const auto* reference = schema->get_object().if_contains("$ref");
    if (reference == nullptr || !reference->is_string()) break;
    schema = resolve(root, reference->get_string());
  }
  const json::object* object = schema == nullptr ? nullptr : schema->if_object();
  if (object == nullptr || step.empty()) return schema;
  if (index) {
    const json::value* items = object->if_contains("items");
    if (items == nullptr || !items->is_array()) return items;
    size_t at = static_cast<size_t>(std::stoul(step));
    return at < items->get_array().size() ? &items->get_array()[at] : object->if_contains("additionalItems");
  }
  if (const auto* properties = object->if_contains("properties"); properties != nullptr && properties->is_object())
    if (const auto* found = properties->get_object().if_contains(step)) return found;
  if (const auto* named = object->if_contains("patternProperties"); named != nullptr && named->is_object())
    for (const auto& member : named->get_object())
      if (RE2::PartialMatch(step, std::string(member.key()))) return &member.value();
  return object->if_contains("additionalProperties");
}

// valijson's context is "<root>", "[name]", "[3]", ...
Place find_place(const json::value& root, const json::value& document, const std::vector<std::string>& context) {
  Place place{"", &document, &root};
  for (size_t i = 1; i < context.size(); ++i) {
    std::string step = context[i].substr(1, context[i].size() - 2);
    bool index = place.value->is_array();
    const json::value* next = nullptr;
    if (index && !step.empty() && step.find_first_not_of("0123456789") == std::string::npos && step.size() < 9)
      next = place.value->get_array().if_contains(std::stoul(step));
    if (place.value->is_object()) next = place.value->get_object().if_contains(step);
    if (next == nullptr) break;
    place.schema = part_for(root, place.schema, step, index);
    place.value = next;
    place.pointer += "/";
    for (char c : step) place.pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  place.schema = part_for(root, place.schema, "", false);
  return place;
}

std::string shown(const json::value& value) {
  std::string text = json::serialize(value);
  return text.size() <= 80 ? text : text.substr(0, 77) + "...";
}

std::string wanted(const json::value& type) {
  if (type.is_string()) return std::string(type.get_string());
  std::string out;
  if (type.is_array())
    for (const json::value& entry : type.get_array())
      if (entry.is_string()) out += (out.empty() ? "" : " or ") + std::string(entry.get_string());
  return out;
}

std::string explain(const Place& place, const std::string& description) {
  const json::object* schema = place.schema == nullptr ? nullptr : place.schema->if_object();
  auto said = [&](const char* keyword) { return schema == nullptr ? nullptr : schema->if_contains(keyword); };
  if (description.find("'type' constraint") != std::string::npos) {
    const json::value* type = said("type");
    return type == nullptr ? fmt::format("a {} is not allowed here", kind_of(*place.value))
                           : fmt::format("expected {}, got {}", wanted(*type), kind_of(*place.value));
  }
  if (description.find("enum values") != std::string::npos && said("enum") != nullptr)
    return fmt::format("expected one of {}, got {}", shown(*said("enum")), shown(*place.value));
  if (description.find("'const'") != std::string::npos && said("const") != nullptr)
    return fmt::format("expected {}, got {}", shown(*said("const")), shown(*place.value));
  if (description.find("'not' constraint") != std::string::npos && place.value->is_string()) {
    if (const auto* pattern = said("pattern"))
      return fmt::format("{} does not match the pattern {}", shown(*place.value), shown(*pattern));
    if (const auto* format = said("format")) return fmt::format("{} is not a {}", shown(*place.value), wanted(*format));
  }
  std::string text = description.empty() ? "it is not valid" : description;
  while (text.ends_with('.')) text.pop_back();
  if (size_t at = text.find("Missing required property"); at == 0) text[0] = 'm';
  return text;
}

}  // namespace

struct JsonSchema::Compiled {
  json::value schema;
  Patterns patterns;
};

JsonSchema::JsonSchema(std::string_view schema) {
  auto compiled = std::make_unique<Compiled>();
  std::optional<json::value> value = parse(schema, kSchemaBytes);
  if (!value || !(value->is_object() || value->is_bool()))
    refuse(fmt::format("is not a JSON object of at most {} KiB and {} levels", kSchemaBytes >> 10, kJsonDepth));
  compiled->schema = std::move(*value);
  Reader reader(compiled->schema, compiled->patterns);
  reader.read(compiled->schema);
  Count count(compiled->schema);
  json::value nothing;
  for (const json::value* part : reader.parts())
    if (count.of(*part, nothing) >= kChecks) refuse("refers to itself without end, or is too complex");
  compiled_ = std::move(compiled);
  problem("null");
}

JsonSchema::~JsonSchema() = default;
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;

std::optional<std::string> JsonSchema::problem(std::string_view text) const {
  std::optional<json::value> document = parse(text, kJsonBytes);
  if (!document)
    return fmt::format("it is not one JSON value of at most {} KiB and {} levels", kJsonBytes >> 10, kJsonDepth);
  if (compiled_->schema.is_bool())
    return compiled_->schema.get_bool() ? std::nullopt : std::optional<std::string>("the schema allows nothing");
  Rewrite rewrite(compiled_->patterns, *document);
  if (!rewrite.affordable() || Count(compiled_->schema).of(compiled_->schema, *document) >= kChecks)
    return "it is too large to be checked against this schema";
  json::value plain = rewrite.schema(compiled_->schema);
  valijson::ValidationResults results;
  try {
    valijson::Schema schema;
    valijson::SchemaParser parser;
    Adapter adapter(plain), target(*document);
    parser.populateSchema(adapter, schema);
    valijson::Validator validator;
    if (validator.validate(schema, target, &results)) return std::nullopt;
  } catch (const std::exception& error) {
    refuse(fmt::format("is not valid: {}", error.what()));
  }
  valijson::ValidationResults::Error first;
  if (!results.popError(first)) return "it is not valid";
  Place place = find_place(compiled_->schema, *document, first.context);
  return fmt::format("at {}: {}", place.pointer.empty() ? "the top" : place.pointer, explain(place, first.description));
}

}  // namespace reckon
