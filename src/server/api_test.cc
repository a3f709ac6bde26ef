// Proves routing (literals before parameters, 405 with Allow) and the parsing of shared parameters.
#include "server/api.h"

#include <gtest/gtest.h>

namespace honeyguide::server {
namespace {

RouteTable table() {
  RouteTable out;
  out.add({.method = "GET", .pattern = "/api/v1/traces/{trace_id}"});
  out.add({.method = "DELETE", .pattern = "/api/v1/traces/{trace_id}"});
  out.add({.method = "GET", .pattern = "/api/v1/traces/compare"});
  return out;
}

TEST(ApiTest, LiteralsWinOverParameters) {
  const RouteTable routes = table();
  const std::vector<std::string> compare = {"api", "v1", "traces", "compare"};
  EXPECT_EQ(routes.match("GET", compare).route->pattern, "/api/v1/traces/compare");
  const std::vector<std::string> one = {"api", "v1", "traces", "abc"};
  const RouteMatch match = routes.match("GET", one);
  EXPECT_EQ(match.path.at("trace_id"), "abc");
  EXPECT_NE(routes.match("HEAD", one).route, nullptr);
  EXPECT_EQ(routes.match("DELETE", compare).route, nullptr);
  EXPECT_EQ(routes.match("DELETE", compare).allow, "GET");
}

TEST(ApiTest, AKnownPathUnderAnotherMethodNamesWhatIsAllowed) {
  const RouteTable routes = table();
  const std::vector<std::string> one = {"api", "v1", "traces", "abc"};
  const RouteMatch match = routes.match("PUT", one);
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allow, "GET, DELETE");
  const std::vector<std::string> none = {"api", "v1"};
  EXPECT_TRUE(routes.match("GET", none).allow.empty());
}

struct TimeCase {
  const char* text;
  std::optional<base::UnixNanos> expect;
};

TEST(ApiTest, TimesInEveryUnitAndRfc3339) {
  const TimeCase kCases[] = {
      {"1750000000", 1'750'000'000'000'000'000},
      {"1750000000123", 1'750'000'000'123'000'000},
      {"1750000000123456", 1'750'000'000'123'456'000},
      {"1750000000123456789", 1'750'000'000'123'456'789},
      {"2025-06-15T15:06:40Z", 1'750'000'000'000'000'000},
      {"2025-06-15T17:06:40.5+02:00", 1'750'000'000'500'000'000},
      {"2025-06-15T15:06:40.123456789Z", 1'750'000'000'123'456'789},
      {"2025-13-15T15:06:40Z", std::nullopt},
      {"9999-06-15T15:06:40Z", std::nullopt},
      {"yesterday", std::nullopt},
      {"", std::nullopt},
  };
  for (const TimeCase& c : kCases) EXPECT_EQ(parse_time(c.text), c.expect) << c.text;
  EXPECT_EQ(format_time(1'750'000'000'123'456'789), "2025-06-15T15:06:40.123456789Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999999999Z");
}

TEST(ApiTest, TraceIdsOfEitherLengthAndCase) {
  EXPECT_EQ(parse_trace_id("ABCDEF0123456789")->to_hex(), "0000000000000000abcdef0123456789");
  EXPECT_FALSE(parse_trace_id(""));
  EXPECT_FALSE(parse_trace_id("xyz"));
  EXPECT_FALSE(parse_trace_id("00000000000000000000000000000000"));
  EXPECT_FALSE(parse_trace_id(std::string(33, 'a')));
}

TEST(ApiTest, ErrorsAreJsonWithTheStatusOfTheirCode) {
  const auto response = error_response({base::ErrorCode::kNotFound, "no \"x\""});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"error":{"code":"not_found","message":"no \"x\""}})");
}

}  // namespace
}  // namespace honeyguide::server
