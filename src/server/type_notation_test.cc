// Proves that the notation says what its JSON Schema says, and that errors point at the character.
#include "server/type_notation.h"

#include <gtest/gtest.h>

namespace honeyguide::server {
namespace {

struct Case {
  const char* type;
  const char* expect;
};

TEST(TypeNotationTest, EachFormHasItsSchema) {
  const Case kCases[] = {
      {"string", R"({"type":"string"})"},
      {"number?", R"({"anyOf":[{"type":"number"},{"type":"null"}]})"},
      {"string[]", R"({"type":"array","items":{"type":"string"}})"},
      {"map<integer>", R"({"type":"object","additionalProperties":{"type":"integer"}})"},
      {"'a'|'b'", R"({"type":"string","enum":["a","b"]})"},
      {"integer(1..200)", R"({"type":"integer","minimum":1,"maximum":200})"},
      {"Row", R"({"$ref":"#/components/schemas/Row"})"},
      {"string|null", R"({"anyOf":[{"type":"string"},{"type":"null"}]})"},
      {"Row & {b: any}",
       R"({"allOf":[{"$ref":"#/components/schemas/Row"},{"type":"object","properties":{"b":{}},)"
       R"("required":["b"]}]})"},
      {"{a: string, b?: number[]}",
       R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"array","items":)"
       R"({"type":"number"}}},"required":["a"]})"},
  };
  for (const Case& c : kCases) {
    std::set<std::string> used;
    const auto schema = schema_of(c.type, used);
    ASSERT_TRUE(schema) << c.type << ": " << schema.error().message;
    EXPECT_EQ(*schema, c.expect) << c.type;
  }
}

TEST(TypeNotationTest, NamedTypesAreCollected) {
  std::set<std::string> used;
  ASSERT_TRUE(schema_of("{a: Row[], b: map<Other>, c: Row?}", used));
  EXPECT_EQ(used, (std::set<std::string>{"Other", "Row"}));
}

TEST(TypeNotationTest, ErrorsPointAtTheCharacter) {
  const Case kCases[] = {
      {"", "character 1: expected a type"},
      {"strng", "character 6: expected a type, not 'strng'"},
      {"{a string}", "character 4: expected ':'"},
      {"{a: string", "character 11: expected ',' or '}'"},
      {"string[", "character 8: expected ']'"},
      {"string x", "character 8: expected the end"},
      {"'a", "character 2: expected a closing quote"},
      {"integer(1.200)", "character 11: expected '..'"},
  };
  for (const Case& c : kCases) {
    std::set<std::string> used;
    const auto schema = schema_of(c.type, used);
    ASSERT_FALSE(schema) << c.type;
    EXPECT_EQ(schema.error().message, std::string(c.expect) + " in '" + c.type + "'");
  }
}

TEST(TypeNotationTest, ParametersWithRequirementAndExample) {
  const auto parameters =
      parse_parameters("q: string, before!: trace_id, start: time = 1750000000");
  ASSERT_TRUE(parameters);
  ASSERT_EQ(parameters->size(), 3u);
  EXPECT_EQ((*parameters)[0].name, "q");
  EXPECT_TRUE((*parameters)[1].required);
  EXPECT_EQ((*parameters)[2].example, "1750000000");
  EXPECT_EQ((*parameters)[2].type, "time");
  EXPECT_FALSE(parse_parameters("nonsense"));
}

}  // namespace
}  // namespace honeyguide::server
