#include "server/page.h"

#include <algorithm>

#include "base/strings.h"

namespace honeyguide::server {
namespace {

// No inline script or style, nothing from elsewhere; the page may not be framed.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' "
    "data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'none'";

constexpr std::string_view kNotBuilt =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>honeyguide</title>"
    "<p>This binary was built without the web page. The API is at <a href=\"api/v1/stats\">"
    "api/v1/stats</a>; build with <code>make build</code> to include the page.</p></html>";

const PageAsset* find_asset(std::string_view path) {
  const auto assets = page_assets();
  const auto found = std::find_if(assets.begin(), assets.end(),
                                  [&](const PageAsset& asset) { return asset.path == path; });
  return found == assets.end() ? nullptr : &*found;
}

// The start page names its base in <base href="/">; behind a prefix that becomes "/prefix/".
std::string with_base(std::string_view html, const std::string& base_path) {
  constexpr std::string_view kBase = "<base href=\"/\"";
  std::string out(html);
  const auto at = out.find(kBase);
  if (at != std::string::npos && !base_path.empty()) {
    out.replace(at, kBase.size(), "<base href=\"" + base_path + "/\"");
  }
  return out;
}

}  // namespace

net::HttpResponse page_response(const std::string& base_path, std::string_view path) {
  const PageAsset* asset = find_asset(path);
  const bool hashed = path.starts_with("assets/");
  if (asset == nullptr && hashed) {
    return net::HttpResponse::with_body(404, "text/plain; charset=utf-8", "no such file\n");
  }
  const bool start_page = asset == nullptr || asset->path == "index.html";
  if (start_page) asset = find_asset("index.html");
  net::HttpResponse response;
  if (asset == nullptr) {
    response =
        net::HttpResponse::with_body(200, "text/html; charset=utf-8", std::string(kNotBuilt));
  } else {
    response = net::HttpResponse::with_body(
        200, asset->content_type,
        start_page ? with_base(asset->bytes, base_path) : std::string(asset->bytes));
  }
  response.headers.set("Cache-Control",
                       hashed ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.set("Content-Security-Policy", kContentSecurityPolicy);
  return response;
}

}  // namespace honeyguide::server
