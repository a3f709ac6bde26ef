// What the connections of one HttpServer share. Private to net.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <unordered_set>

#include "base/mutex.h"
#include "net/http_server.h"

namespace honeyguide::net {

class HttpConnection;

struct HttpServerState {
  HttpServerOptions options;
  HttpHandler handler;
  const base::Clock* clock = nullptr;

  std::atomic<bool> draining{false};
  std::atomic<bool> closed{false};  // new connections are dropped

  std::atomic<std::uint64_t> connections_total{0};
  std::atomic<std::uint64_t> connections_refused_total{0};
  std::atomic<std::uint64_t> requests_total{0};
  std::atomic<std::uint64_t> requests_refused_total{0};
  std::atomic<std::uint64_t> requests_malformed_total{0};
  std::atomic<std::uint64_t> received_bytes_total{0};
  std::atomic<std::uint64_t> sent_bytes_total{0};

  base::Mutex mutex;
  base::CondVar changed;
  std::unordered_set<HttpConnection*> connections HG_GUARDED_BY(mutex);
};

}  // namespace honeyguide::net
