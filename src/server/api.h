// The frame of every HTTP API: requests with their parameters and principal, answers, the table of
// routes. A handler is a plain function on a worker thread; it may block on the store.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_server.h"
#include "net/http_text.h"
#include "server/tokens.h"
#include "store/trace_store.h"

namespace honeyguide::server {

struct ApiRequest {
  const net::HttpRequest* http = nullptr;
  std::map<std::string, std::string, std::less<>> path;  // {name} segments, decoded
  net::QueryParams query;
  Principal principal;
  store::TenantId tenant = 0;
  std::stop_token stop;  // the client went away
  std::int64_t deadline_steady_ns = 0;

  // A path parameter; HG_CHECKs that the route has it.
  const std::string& path_param(std::string_view name) const;
  // A query parameter, empty if absent.
  std::string_view param(std::string_view name) const;
};

// Which lane a route runs in: quick reads never wait behind searches.
enum class Lane : std::uint8_t { kQuick, kSearch };

// Gives a response or an error; the error becomes a JSON body with the status of its code.
using ApiHandler = std::function<base::Result<net::HttpResponse>(const ApiRequest&)>;
// For streams and for answers that take their time (long poll): must answer through the responder.
using ApiStreamHandler =
    std::function<void(const ApiRequest&, std::shared_ptr<net::Responder> responder)>;

struct Route {
  std::string method;   // "GET"
  std::string pattern;  // "/api/v1/traces/{trace_id}"
  Role role = kRoleRead;
  Lane lane = Lane::kQuick;
  ApiHandler handler;
  ApiStreamHandler stream_handler;  // instead of handler
  bool writes_audit = false;        // its handler leaves its own audit entries
};

// {"error":{"code":"not_found","message":"…"}} with the status that fits the code.
net::HttpResponse error_response(const base::Error& error);
net::HttpResponse json_response(std::string body, int status = 200);

// 404 for unknown paths, 405 with Allow for known ones.
struct RouteMatch {
  const Route* route = nullptr;
  std::map<std::string, std::string, std::less<>> path;
  std::string allow;  // of a path that exists under other methods
};

class RouteTable {
 public:
  // HG_CHECKs that the pattern is new for its method.
  void add(Route route);
  RouteMatch match(std::string_view method, std::span<const std::string> segments) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Pattern {
    std::vector<std::string> segments;
    std::size_t route = 0;
  };
  static std::optional<std::size_t> literals_in(
      const Pattern& pattern, std::span<const std::string> segments,
      std::map<std::string, std::string, std::less<>>& path);

  std::vector<Route> routes_;
  std::vector<Pattern> patterns_;
};

// Parsing of parameters that many routes share. Errors name the parameter.
//
// A time: Unix seconds, milliseconds, microseconds or nanoseconds (told apart by magnitude), or
// RFC 3339. `fallback` if the parameter is absent.
base::Result<base::UnixNanos> time_param(const ApiRequest& request, std::string_view name,
                                         base::UnixNanos fallback);
// The number of a parameter, within [min, max].
base::Result<std::int64_t> int_param(const ApiRequest& request, std::string_view name,
                                     std::int64_t fallback, std::int64_t min, std::int64_t max);
base::Result<std::int64_t> duration_param(const ApiRequest& request, std::string_view name,
                                          std::int64_t fallback);
// One of `words`, or empty for an absent or empty parameter.
base::Result<std::string_view> word_param(const ApiRequest& request, std::string_view name,
                                          std::initializer_list<std::string_view> words);
// A 16- or 32-digit trace id in hex of either case (short ids are padded left with zeros).
base::Result<base::TraceId> parse_trace_id(std::string_view text);
std::optional<base::UnixNanos> parse_time(std::string_view text);
// "2026-11-24T18:50:00.123456789Z".
std::string format_time(base::UnixNanos time);

}  // namespace honeyguide::server
