// Guard: keeps web pages of other origins away from every HTTP port (DNS rebinding, cross-site
// requests), before anything else looks at a request.
//
// Rules: Host must be a loopback name, the listener's own address or an allowed name; Origin, if
// sent, must be the listener's own or on the allow-list; Sec-Fetch-Site must not be cross-site,
// except for opening the page itself (a navigation to a document by GET, no data path).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace honeyguide::server {

struct GuardOptions {
  std::string listen_host;  // without port
  bool loopback = true;
  std::vector<std::string> allowed_hosts;  // further Host names
  std::vector<std::string> cors_origins;   // foreign origins that are welcome
};

class Guard {
 public:
  explicit Guard(GuardOptions options) : options_(std::move(options)) {}

  // Why the request is refused (answer 403 with it), or nothing. `is_page` marks paths that only
  // serve the page's own files.
  std::optional<std::string> refuse(const net::HttpRequest& request, bool is_page) const;

  // The origin to name in Access-Control-Allow-Origin, empty for none.
  std::string_view allowed_origin(const net::HttpRequest& request) const;

  // Adds the CORS headers for allowed_origin(), if any.
  void add_cors_headers(const net::HttpRequest& request, net::HttpResponse& response) const;

 private:
  bool host_allowed(std::string_view host) const;

  const GuardOptions options_;
};

}  // namespace honeyguide::server
