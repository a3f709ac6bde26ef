// Proves that commas, nesting and hostile text come out as valid JSON, and that misuse dies.
#include "base/json_writer.h"

#include <cmath>

#include <gtest/gtest.h>

namespace honeyguide::base {
namespace {

TEST(JsonWriterTest, NestingAndEveryKindOfValue) {
  JsonWriter json;
  json.begin_object();
  json.field("text", "a\"b").field("count", 3u).field("ratio", 0.5).field("ok", true);
  json.key("none").null().key("nan").value(std::nan(""));
  json.key("list").begin_array().value(-1).begin_object().end_object().value("x").end_array();
  json.key("big").value_as_string(9007199254740993);
  json.end_object();
  EXPECT_EQ(json.take(), R"({"text":"a\"b","count":3,"ratio":0.5,"ok":true,"none":null,"nan":null,)"
                         R"("list":[-1,{},"x"],"big":"9007199254740993"})");
  EXPECT_EQ(json.value(std::string("again")).take(), "\"again\"");
}

TEST(JsonWriterDeathTest, AValueWithoutAKeyInAnObjectDies) {
  JsonWriter json;
  json.begin_object();
  EXPECT_DEATH(json.value(1), "check failed");
}

TEST(JsonWriterDeathTest, TakingAnOpenDocumentDies) {
  JsonWriter json;
  json.begin_array();
  EXPECT_DEATH((void)json.take(), "check failed");
}

}  // namespace
}  // namespace honeyguide::base
