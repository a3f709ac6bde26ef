#include "server/guard.h"

#include <algorithm>

#include "base/strings.h"
#include "net/http_text.h"

namespace honeyguide::server {
namespace {

bool is_ip_literal(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_loopback_name(std::string_view host) {
  return base::equals_ignore_case(host, "localhost") || host == "127.0.0.1" || host == "::1";
}

// "http://host:port" of an Origin header against the Host header, default ports left out or not.
bool same_origin(std::string_view origin, std::string_view host_header) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme) &&
        base::equals_ignore_case(origin.substr(scheme.size()), host_header)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool Guard::host_allowed(std::string_view host) const {
  if (is_loopback_name(host) || base::equals_ignore_case(host, options_.listen_host)) return true;
  // Bound to all addresses: a name could be rebound by DNS, an address cannot.
  if (!options_.loopback && is_ip_literal(host)) return true;
  return std::any_of(options_.allowed_hosts.begin(), options_.allowed_hosts.end(),
                     [&](const std::string& name) { return base::equals_ignore_case(name, host); });
}

std::optional<std::string> Guard::refuse(const net::HttpRequest& request, bool is_page) const {
  const std::string_view host_header = request.headers.get("host");
  const auto host = net::parse_host_port(host_header);
  if (!host || !host_allowed(host->host)) {
    return "the Host '" + std::string(host_header.substr(0, 100)) +
           "' is not allowed; add it to allowed_hosts";
  }
  const std::string_view origin = request.headers.get("origin");
  const bool welcome = !allowed_origin(request).empty();
  if (!origin.empty() && !same_origin(origin, host_header) && !welcome) {
    return "requests from pages of another origin are refused; add it to cors_origins";
  }
  if (request.headers.get("sec-fetch-site") == "cross-site" && !welcome) {
    const bool opens_the_page = is_page && request.method == "GET" &&
                                request.headers.get("sec-fetch-mode") == "navigate" &&
                                request.headers.get("sec-fetch-dest") == "document";
    if (!opens_the_page) return "cross-site requests are refused";
  }
  return std::nullopt;
}

std::string_view Guard::allowed_origin(const net::HttpRequest& request) const {
  const std::string_view origin = request.headers.get("origin");
  if (origin.empty()) return {};
  const auto found = std::find(options_.cors_origins.begin(), options_.cors_origins.end(), origin);
  return found == options_.cors_origins.end() ? std::string_view() : std::string_view(*found);
}

void Guard::add_cors_headers(const net::HttpRequest& request, net::HttpResponse& response) const {
  const std::string_view origin = allowed_origin(request);
  if (origin.empty()) return;
  response.headers.set("Access-Control-Allow-Origin", origin);
  response.headers.set("Vary", "Origin");
  response.headers.set("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.headers.set("Access-Control-Allow-Headers",
                       "content-type, content-encoding, authorization");
  response.headers.set("Access-Control-Max-Age", "600");
}

}  // namespace honeyguide::server
