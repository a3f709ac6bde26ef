// Proves which Host, Origin and Sec-Fetch-Site combinations reach a handler.
#include "server/guard.h"

#include <gtest/gtest.h>

namespace honeyguide::server {
namespace {

struct Case {
  const char* name;
  const char* host;
  const char* origin;
  const char* site;
  bool navigation;
  bool page;
  bool refused;
};

TEST(GuardTest, OnlyTheServersOwnPageAndProgramsGetThrough) {
  const Case kCases[] = {
      {"curl", "127.0.0.1:8321", "", "", false, false, false},
      {"localhost", "localhost:8321", "", "", false, false, false},
      {"ipv6", "[::1]:8321", "", "", false, false, false},
      {"no host", "", "", "", false, false, true},
      {"rebound name", "evil.example:8321", "", "", false, false, true},
      {"allowed name", "HIVE.example", "", "", false, false, false},
      {"another machine's address on loopback", "10.0.0.1:8321", "", "", false, false, true},
      {"own page", "localhost:8321", "http://localhost:8321", "same-origin", false, false, false},
      {"other port", "localhost:8321", "http://localhost:3000", "same-site", false, false, true},
      {"null origin", "localhost:8321", "null", "", false, false, true},
      {"cross-site data", "localhost:8321", "", "cross-site", false, false, true},
      {"cross-site image of the page", "localhost:8321", "", "cross-site", false, true, true},
      {"a link to the page", "localhost:8321", "", "cross-site", true, true, false},
      {"a link to data", "localhost:8321", "", "cross-site", true, false, true},
      {"welcome origin", "localhost:8321", "https://app.example", "cross-site", false, false,
       false},
  };
  const Guard guard({.listen_host = "127.0.0.1",
                     .loopback = true,
                     .allowed_hosts = {"hive.example"},
                     .cors_origins = {"https://app.example"}});
  for (const Case& c : kCases) {
    net::HttpRequest request;
    request.method = "GET";
    if (*c.host != 0) request.headers.add("Host", c.host);
    if (*c.origin != 0) request.headers.add("Origin", c.origin);
    if (*c.site != 0) request.headers.add("Sec-Fetch-Site", c.site);
    if (c.navigation) {
      request.headers.add("Sec-Fetch-Mode", "navigate");
      request.headers.add("Sec-Fetch-Dest", "document");
    }
    EXPECT_EQ(guard.refuse(request, c.page).has_value(), c.refused) << c.name;
  }
}

}  // namespace
}  // namespace honeyguide::server
