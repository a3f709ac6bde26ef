// Proves that every type of the API's documentation parses, that every type named exists, and that
// the document holds exactly the routes of the table.
#include "server/openapi.h"

#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "server/type_notation.h"

namespace honeyguide::server {
namespace {

TEST(OpenApiTest, EveryTypeParsesAndNamesOnlyTypesThatExist) {
  std::set<std::string> used;
  std::set<std::string> known;
  for (const TypeDoc& doc : type_docs()) {
    EXPECT_TRUE(known.insert(std::string(doc.name)).second) << doc.name << " stands twice";
    const auto schema = schema_of(doc.type, used);
    EXPECT_TRUE(schema) << doc.name << ": " << schema.error().message;
  }
  for (const RouteDoc& doc : route_docs()) {
    for (const std::string_view type : {doc.body, doc.answer}) {
      if (type.empty() || (type.find('/') != type.npos && !type.starts_with('{'))) continue;
      const auto schema = schema_of(type, used);
      EXPECT_TRUE(schema) << doc.route << ": " << schema.error().message;
    }
    const auto parameters = parse_parameters(doc.query);
    ASSERT_TRUE(parameters) << doc.route;
    for (const auto& parameter : *parameters) {
      EXPECT_TRUE(schema_of(parameter.type, used)) << doc.route << " " << parameter.name;
    }
    EXPECT_FALSE(doc.summary.empty() || doc.tag.empty()) << doc.route;
  }
  for (const std::string& name : used) EXPECT_TRUE(known.contains(name)) << name;
}

TEST(OpenApiTest, NoRouteIsDescribedTwice) {
  std::set<std::string_view> seen;
  for (const RouteDoc& doc : route_docs()) {
    EXPECT_TRUE(seen.insert(doc.route).second) << doc.route;
  }
}

TEST(OpenApiTest, ARouteWithoutAnEntryIsMarked) {
  RouteTable routes;
  routes.add({.method = "GET", .pattern = "/api/v1/services"});
  routes.add({.method = "GET", .pattern = "/api/v1/unheard-of/{id}"});
  routes.add({.method = "GET", .pattern = "/api/v3/services"});
  const auto document = nlohmann::json::parse(openapi_json(routes, "/x"));
  EXPECT_EQ(document["servers"][0]["url"], "/x");
  EXPECT_EQ(document["paths"].size(), 3u);
  EXPECT_FALSE(document["paths"]["/api/v1/services"]["get"].contains("x-undocumented"));
  const auto& unknown = document["paths"]["/api/v1/unheard-of/{id}"]["get"];
  EXPECT_TRUE(unknown["x-undocumented"]);
  EXPECT_EQ(unknown["parameters"][0]["name"], "id");
  EXPECT_EQ(unknown["operationId"], "get_unheard_of_id");
  EXPECT_EQ(document["paths"]["/api/v3/services"]["get"]["tags"][0], "compatible");
}

}  // namespace
}  // namespace honeyguide::server
