#include "server/api_endpoint.h"

#include <array>
#include <utility>

#include "base/strings.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;

// Paths that carry data; all others belong to the page.
constexpr std::array<std::string_view, 10> kDataPrefixes = {
    "/api/",        "/metrics", "/healthz", "/readyz", "/v1/",
    "/prometheus/", "/tempo/",  "/login",   "/api",    "/-/",
};

bool changes_something(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "DELETE" || method == "PATCH";
}

net::HttpResponse refusal(int status, ErrorCode code, std::string message) {
  auto response = error_response({code, std::move(message)});
  response.status = status;
  return response;
}

}  // namespace

ApiEndpoint::ApiEndpoint(ApiEndpointOptions options, const RouteTable& routes, const Guard& guard,
                         Access& access, TenantIds tenant_ids, WorkerPool& quick,
                         WorkerPool& search, PageHandler page, const base::Clock& clock)
    : options_(std::move(options)),
      routes_(routes),
      guard_(guard),
      access_(access),
      tenant_ids_(std::move(tenant_ids)),
      quick_(quick),
      search_(search),
      page_(std::move(page)),
      clock_(clock) {}

bool ApiEndpoint::is_data_path(std::string_view path) const {
  for (const std::string_view prefix : kDataPrefixes) {
    if (path == prefix || (prefix.ends_with('/') && path.starts_with(prefix))) return true;
  }
  return false;
}

net::Admission ApiEndpoint::admit(const net::HttpRequest& head,
                                  std::optional<std::uint64_t> content_length) {
  net::Admission admission;
  std::string_view path = head.path();
  if (path.starts_with(options_.base_path)) path.remove_prefix(options_.base_path.size());
  if (const auto reason = guard_.refuse(head, !is_data_path(path))) {
    stats_.refused += 1;
    admission.refusal = finish(head, refusal(403, ErrorCode::kPermissionDenied, *reason));
  } else if (content_length.value_or(0) > options_.request_body_bytes_max) {
    admission.refusal = refusal(
        413, ErrorCode::kInvalidArgument,
        "the body may have at most " + std::to_string(options_.request_body_bytes_max) + " bytes");
  }
  return admission;
}

void ApiEndpoint::handle(net::HttpRequest http, std::shared_ptr<net::Responder> responder) {
  stats_.requests += 1;
  std::string_view path = http.path();
  const auto answer = [&](net::HttpResponse response) {
    responder->send(finish(http, std::move(response)));
  };
  if (!path.starts_with(options_.base_path)) {
    return answer(
        refusal(404, ErrorCode::kNotFound, "this server lives below " + options_.base_path + "/"));
  }
  path.remove_prefix(options_.base_path.size());
  if (http.method == "OPTIONS" && !guard_.allowed_origin(http).empty()) {
    net::HttpResponse preflight;
    preflight.status = 204;
    return answer(std::move(preflight));
  }
  if (path == "/login") return answer(login(http));
  const auto segments = net::path_segments(path.empty() ? "/" : path);
  if (!segments) return answer(refusal(400, ErrorCode::kInvalidArgument, "the path is malformed"));
  RouteMatch match = routes_.match(http.method, *segments);
  if (match.route == nullptr) {
    if (!match.allow.empty()) {
      auto response = refusal(405, ErrorCode::kInvalidArgument, "use " + match.allow + " here");
      response.headers.add("Allow", match.allow);
      return answer(std::move(response));
    }
    if (is_data_path(path) || (http.method != "GET" && http.method != "HEAD")) {
      return answer(refusal(404, ErrorCode::kNotFound,
                            "there is no " + std::string(path.substr(0, 200)) + " here"));
    }
    return answer(page_(path.empty() ? path : path.substr(1)));
  }
  authorize(std::move(http), std::move(match), std::move(responder));
}

void ApiEndpoint::authorize(net::HttpRequest http, RouteMatch match,
                            std::shared_ptr<net::Responder> responder) {
  auto shared = std::make_shared<net::HttpRequest>(std::move(http));
  const auto answer = [&](net::HttpResponse response) {
    responder->send(finish(*shared, std::move(response)));
  };
  auto principal = access_.identify(shared->headers);
  if (!principal) {
    stats_.refused += 1;
    auto response = refusal(401, principal.error().code, principal.error().message);
    response.headers.add("WWW-Authenticate", "Bearer");
    return answer(std::move(response));
  }
  if (!principal->has(match.route->role)) {
    stats_.refused += 1;
    return answer(refusal(403, ErrorCode::kPermissionDenied,
                          "this needs a token with another role; see 'honeyguide token --help'"));
  }
  auto query = net::QueryParams::parse(shared->query());
  if (!query) return answer(refusal(400, ErrorCode::kInvalidArgument, "the query is malformed"));
  const auto tenant = tenant_ids_(principal->tenant);
  if (!tenant) return answer(error_response(tenant.error()));
  ApiRequest request;
  request.http = shared.get();
  request.path = std::move(match.path);
  request.query = *std::move(query);
  request.tenant = *tenant;
  request.principal = *std::move(principal);
  request.stop = responder->stop_token();
  run(*match.route, std::move(shared), std::move(request), std::move(responder));
}

void ApiEndpoint::run(const Route& route, std::shared_ptr<net::HttpRequest> http,
                      ApiRequest request, std::shared_ptr<net::Responder> responder) {
  if (changes_something(http->method) && !http->body.empty()) {
    const auto type = net::parse_media_type(http->headers.get("content-type"));
    if (!type || type->type != "application/json") {
      responder->send(finish(*http, refusal(415, ErrorCode::kInvalidArgument,
                                            "Content-Type must be application/json")));
      return;
    }
  }
  WorkerPool& lane = route.lane == Lane::kSearch ? search_ : quick_;
  const bool taken =
      lane.submit([this, &route, http, request = std::move(request), responder]() mutable {
        if (request.stop.stop_requested()) return;
        request.deadline_steady_ns = clock_.steady_ns() + options_.query_deadline_ns;
        if (route.stream_handler) {
          route.stream_handler(request, responder);
          return;
        }
        auto result = route.handler(request);
        net::HttpResponse response =
            result ? std::move(result).value() : error_response(result.error());
        if (response.status >= 500) stats_.errors += 1;
        const bool steers = route.role == kRoleOperate || route.role == kRoleAdmin;
        if (on_change_ && steers && changes_something(http->method)) {
          on_change_(request, route, response.status);
        }
        responder->send(finish(*http, std::move(response)));
      });
  if (!taken) {
    stats_.busy += 1;
    responder->send(finish(
        *http, error_response({ErrorCode::kUnavailable, "too many queries wait; try again"})));
  }
}

net::HttpResponse ApiEndpoint::login(const net::HttpRequest& request) {
  const auto query = net::QueryParams::parse(request.query());
  const auto code = query ? query->get("code") : std::nullopt;
  const auto secret = code ? access_.redeem_login_code(std::string(*code)) : std::nullopt;
  if (!secret) {
    return refusal(403, ErrorCode::kPermissionDenied,
                   "this link was used already or is too old; 'honeyguide token --login' makes a "
                   "new one");
  }
  net::HttpResponse response;
  response.status = 303;
  response.headers.add("Location", options_.base_path + "/");
  response.headers.add("Set-Cookie", std::string(kSessionCookie) + "=" + *secret + "; Path=" +
                                         (options_.base_path.empty() ? "/" : options_.base_path) +
                                         "; HttpOnly; SameSite=Strict; Max-Age=2592000" +
                                         (options_.secure_cookie ? "; Secure" : ""));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

net::HttpResponse ApiEndpoint::finish(const net::HttpRequest& request,
                                      net::HttpResponse response) const {
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Cross-Origin-Resource-Policy", "same-origin");
  response.headers.set("Referrer-Policy", "no-referrer");
  guard_.add_cors_headers(request, response);
  return response;
}

void ApiEndpoint::format_error(const net::HttpRequest*, net::HttpResponse& response) {
  const ErrorCode code =
      response.status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument;
  const int status = response.status;
  const std::string message(base::trim(response.body));
  auto shaped = error_response({code, message});
  response.body = std::move(shaped.body);
  response.headers.set("Content-Type", "application/json");
  response.status = status;
}

}  // namespace honeyguide::server
