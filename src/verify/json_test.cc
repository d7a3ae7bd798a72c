#include <gmock/gmock.h>

#include "verify/json_answer.h"
#include "verify/json_schema.h"

#include <reckon/error.h>

namespace reckon {
namespace {

using testing::HasSubstr;

std::string found(std::string_view text, bool cut = false) {
  auto span = find_json(text, cut);
  return span ? std::string(text.substr(span->begin, span->end - span->begin)) : "none";
}

TEST(FindJson, TakesTheLastCompleteValue) {
  EXPECT_EQ(found(R"( {"a": 1} )"), R"({"a": 1})");
  EXPECT_EQ(found("42"), "42");
  EXPECT_EQ(found("First {\"a\": 1}, no: {\"a\": 2}."), R"({"a": 2})");
  EXPECT_EQ(found("```json\n{\"a\": 1}\n```\nas in {\"b\": 2}"), R"({"a": 1})");
  EXPECT_EQ(found("```\n[1]\n```\n```json\n[2]\n```"), "[2]");
  EXPECT_EQ(found("```python\nx = {}\n```\n{\"a\": 1}"), R"({"a": 1})");
  EXPECT_EQ(found("It is {\"a\": [1]}, see [3]"), R"({"a": [1]})");
  EXPECT_EQ(found("so [1, 2]"), "[1, 2]");
  EXPECT_EQ(found("{\"text\": \"a } b ``` {\"}"), "{\"text\": \"a } b ``` {\"}");
}

TEST(FindJson, DoesNotGuess) {
  EXPECT_EQ(found("nothing here"), "none");
  EXPECT_EQ(found(""), "none");
  EXPECT_EQ(found("{a: 1}"), "none");
  EXPECT_EQ(found("<think>{\"a\": 1}"), "none");
  EXPECT_EQ(found("<think>{\"a\": 1}</think> {\"a\": 2}"), R"({"a": 2})");
  EXPECT_EQ(found("{\"a\": 1} then {\"a\": [2, ", true), "none");
  EXPECT_EQ(found("{\"a\": 1} then some wor", true), R"({"a": 1})");
  EXPECT_EQ(found("12", true), "none");
}

TEST(FindJson, IsBoundedOnHostileTexts) {
  EXPECT_EQ(found(std::string(1 << 20, '[')), "none");
  std::string open;
  for (int i = 0; i < 200000; ++i) open += "{\"a";
  EXPECT_EQ(found(open), "none");
  EXPECT_EQ(found(std::string(200, '[') + std::string(200, ']')), std::string(64, '[') + std::string(64, ']'));
}

TEST(CanonicalJson, EqualValuesHaveOneText) {
  EXPECT_EQ(canonical_json(R"( { "b" : [1.0, 1e0, 10e-1, 100E-2], "a" : null } )"), R"({"a":null,"b":[1,1,1,1]})");
  EXPECT_EQ(canonical_json("-0.0"), "0");
  EXPECT_EQ(canonical_json("0.10"), "0.1");
  EXPECT_EQ(canonical_json("12.50"), "12.5");
  EXPECT_EQ(canonical_json("1e20"), "100000000000000000000");
  EXPECT_EQ(canonical_json("1e-7"), "1e-7");
  EXPECT_EQ(canonical_json("-123e40"), "-1.23e42");
  EXPECT_EQ(canonical_json(R"("\u0041\/")"), R"("A/")");
  EXPECT_EQ(canonical_json(R"({"a":1,"a":2})"), R"({"a":2})");
}

TEST(CanonicalJson, DifferentNumbersStayDifferent) {
  EXPECT_NE(canonical_json("10000000000000000000000001"), canonical_json("10000000000000000000000002"));
  EXPECT_NE(canonical_json("0.1000000000000000000001"), canonical_json("0.1"));
  EXPECT_NE(canonical_json("1e400"), canonical_json("1e401"));
  EXPECT_NE(canonical_json("\"1\""), canonical_json("1"));
  EXPECT_NE(canonical_json("[1,2]"), canonical_json("[2,1]"));
}

TEST(CanonicalJson, RefusesWhatIsNoValue) {
  for (const char* text : {"", "{", "1 2", "nul", "01", "[1,]", "{\"a\"}", "'a'", "NaN"})
    EXPECT_EQ(canonical_json(text), std::nullopt) << text;
  EXPECT_EQ(canonical_json(std::string(65, '[') + std::string(65, ']')), std::nullopt);
  EXPECT_EQ(canonical_json("1e999999999999999999999"), std::nullopt);
}

constexpr const char* kOrder = R"({
  "type": "object", "required": ["items"], "additionalProperties": false,
  "properties": {
    "items": {"type": "array", "items": {"$ref": "#/definitions/item"}},
    "day": {"type": "string", "format": "date"},
    "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
    "size": {"enum": ["S", "M"]},
    "extra": {"type": "object", "patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": {"type": "string"}}
  },
  "definitions": {"item": {"type": "object", "properties": {"price": {"type": "number"}, "next": {"$ref": "#/definitions/item"}}}}
})";

std::string problem(const char* schema, const std::string& document) {
  return JsonSchema(schema).problem(document).value_or("valid");
}

TEST(JsonSchema, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(problem(kOrder, R"({"items": [{"price": 1.5}, {"price": 2}]})"), "valid");
  EXPECT_EQ(problem(kOrder, R"({"items": [{}, {}, {}, {"price": "3"}]})"),
            "at /items/3/price: expected number, got string");
  EXPECT_EQ(problem(kOrder, R"({"items": [{"next": {"next": {"price": null}}}]})"),
            "at /items/0/next/next/price: expected number, got null");
  EXPECT_EQ(problem(kOrder, "{}"), "at the top: missing required property 'items'");
  EXPECT_EQ(problem(kOrder, "[]"), "at the top: expected object, got array");
  EXPECT_THAT(problem(kOrder, R"({"items": [], "more": 1})"), HasSubstr("'more'"));
  EXPECT_EQ(problem(kOrder, R"({"items": [], "size": "L"})"), R"(at /size: expected one of ["S","M"], got "L")");
  EXPECT_THAT(problem(kOrder, "{"), HasSubstr("not one JSON value"));
}

TEST(JsonSchema, PatternsAndFormatsMatchInLinearTime) {
  EXPECT_EQ(problem(kOrder, R"({"items": [], "code": "ABC", "day": "2024-02-29"})"), "valid");
  EXPECT_EQ(problem(kOrder, R"({"items": [], "code": "abc"})"),
            R"(at /code: "abc" does not match the pattern "^[A-Z]{3}$")");
  EXPECT_EQ(problem(kOrder, R"({"items": [], "day": "yesterday"})"), R"(at /day: "yesterday" is not a date)");
  EXPECT_EQ(problem(kOrder, R"({"items": [], "extra": {"n_a": 1, "b": "x"}})"), "valid");
  EXPECT_EQ(problem(kOrder, R"({"items": [], "extra": {"n_a": "1"}})"), "at /extra/n_a: expected integer, got string");
  EXPECT_EQ(problem(kOrder, R"({"items": [], "extra": {"b": 1}})"), "at /extra/b: expected string, got integer");
  std::string hostile = "\"" + std::string(100000, 'a') + "!\"";
  EXPECT_THAT(problem(R"({"type": "string", "pattern": "^(a+)+$"})", hostile), HasSubstr("does not match"));
  EXPECT_THAT(problem(R"({"format": "date-time"})", "\"" + std::string(500000, '1') + "\""),
              HasSubstr("not a date-time"));
}

TEST(JsonSchema, RefusesSchemasThatCannotBeBounded) {
  auto refused = [](const std::string& schema) -> std::string {
    try {
      JsonSchema checked(schema);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_request);
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refused(R"({"$ref": "http://example.com/x.json"})"), HasSubstr("another document"));
  EXPECT_THAT(refused(R"({"items": {"$ref": "file:///etc/passwd"}})"), HasSubstr("another document"));
  EXPECT_THAT(refused(R"({"$ref": "#"})"), HasSubstr("itself without end"));
  EXPECT_THAT(refused(R"({"items": {"$ref": "#/definitions/a"}, "definitions": {"a": {"$ref": "#/definitions/a"}}})"),
              HasSubstr("itself without end"));
  EXPECT_THAT(refused(R"({"allOf": [{"$ref": "#"}]})"), HasSubstr("itself without end"));
  EXPECT_THAT(refused(R"({"$ref": "#/nowhere"})"), HasSubstr("does not have"));
  EXPECT_THAT(refused(R"({"pattern": "(?=a)b"})"), HasSubstr("cannot be used"));
  EXPECT_THAT(refused(R"({"pattern": "(a)\\1"})"), HasSubstr("cannot be used"));
  EXPECT_THAT(refused(R"({"type": 7})"), HasSubstr("not valid"));
  EXPECT_THAT(refused("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(refused("{"), HasSubstr("not a JSON object"));
  std::string doubling = R"({"$ref": "#/definitions/d0", "definitions": {"d30": {"type": "object"})";
  for (int i = 0; i < 30; ++i) {
    std::string next = R"({"$ref": "#/definitions/d)" + std::to_string(i + 1) + "\"}";
    doubling += ", \"d" + std::to_string(i) + "\": {\"anyOf\": [" + next + ", " + next + "]}";
  }
  EXPECT_THAT(refused(doubling + "}}"), HasSubstr("too complex"));
}

TEST(JsonSchema, RecursiveSchemasEndOnDeepDocuments) {
  JsonSchema tree(R"({"type": "object", "properties": {"x": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}})");
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += "{\"x\": ";
  deep += "1" + std::string(60, '}');
  EXPECT_THAT(tree.problem(deep).value_or("valid"), HasSubstr("too large"));
  EXPECT_EQ(tree.problem(R"({"x": {"x": {}}})"), std::nullopt);
}

}  // namespace
}  // namespace reckon
