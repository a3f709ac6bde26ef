// ApiEndpoint: the API listener's handler. Guard, route, role, lane, answer; whatever is no API
// path goes to the page.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "net/http_server.h"
#include "server/access.h"
#include "server/api.h"
#include "server/guard.h"
#include "server/otlp_endpoints.h"
#include "server/worker_pool.h"

namespace honeyguide::server {

// Serves the page's files: gives the response for a decoded path ("" is the start page).
using PageHandler = std::function<net::HttpResponse(std::string_view path)>;

struct ApiEndpointOptions {
  std::string base_path;
  std::int64_t query_deadline_ns = 10 * base::kNanosPerSecond;
  std::size_t request_body_bytes_max = 4 << 20;
  bool secure_cookie = false;  // behind TLS
};

struct ApiStats {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> errors{0};   // 5xx
  std::atomic<std::uint64_t> refused{0};  // guard, token, role
  std::atomic<std::uint64_t> busy{0};     // a lane's queue was full
};

// Thread-safe. Everything it is given must outlive the listener.
class ApiEndpoint {
 public:
  ApiEndpoint(ApiEndpointOptions options, const RouteTable& routes, const Guard& guard,
              Access& access, TenantIds tenant_ids, WorkerPool& quick, WorkerPool& search,
              PageHandler page, const base::Clock& clock);

  net::Admission admit(const net::HttpRequest& head, std::optional<std::uint64_t> content_length);
  void handle(net::HttpRequest request, std::shared_ptr<net::Responder> responder);
  static void format_error(const net::HttpRequest* request, net::HttpResponse& response);

  // Called after each request of role operate or admin that may have changed something, on a worker
  // thread. Set before the listener starts.
  using OnChange = std::function<void(const ApiRequest&, const Route&, int status)>;
  void set_on_change(OnChange on_change) { on_change_ = std::move(on_change); }

  const ApiStats& stats() const { return stats_; }

 private:
  bool is_data_path(std::string_view path) const;
  void authorize(net::HttpRequest http, RouteMatch match,
                 std::shared_ptr<net::Responder> responder);
  void run(const Route& route, std::shared_ptr<net::HttpRequest> http, ApiRequest request,
           std::shared_ptr<net::Responder> responder);
  net::HttpResponse login(const net::HttpRequest& request);
  net::HttpResponse finish(const net::HttpRequest& request, net::HttpResponse response) const;

  const ApiEndpointOptions options_;
  const RouteTable& routes_;
  const Guard& guard_;
  Access& access_;
  const TenantIds tenant_ids_;
  WorkerPool& quick_;
  WorkerPool& search_;
  const PageHandler page_;
  const base::Clock& clock_;
  OnChange on_change_;
  ApiStats stats_;
};

}  // namespace honeyguide::server
