// Proves how paths map to the page's files, whether or not the page is part of this build.
#include "server/page.h"

#include <gtest/gtest.h>

namespace honeyguide::server {
namespace {

TEST(PageTest, UnknownPathsGiveTheStartPageAndUnknownAssetsAre404) {
  const auto start = page_response("", "");
  EXPECT_EQ(start.status, 200);
  EXPECT_EQ(page_response("", "agents/coder-2").body, start.body);
  EXPECT_EQ(page_response("", "assets/no-such.js").status, 404);
}

TEST(PageTest, NothingInlineAndNothingFromElsewhere) {
  const auto response = page_response("", "");
  const std::string policy(response.headers.get("content-security-policy"));
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(response.headers.get("cache-control"), "no-cache");
}

TEST(PageTest, EmbeddedFilesAreServedAsTheyAre) {
  for (const PageAsset& asset : page_assets()) {
    if (asset.path == "index.html") continue;
    const auto response = page_response("", asset.path);
    EXPECT_EQ(response.status, 200) << asset.path;
    EXPECT_EQ(response.body, asset.bytes) << asset.path;
    EXPECT_EQ(response.headers.get("content-type"), asset.content_type) << asset.path;
  }
}

}  // namespace
}  // namespace honeyguide::server
