// What the connections of one GrpcServer share. Private to net.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/mutex.h"
#include "net/grpc_server.h"

namespace honeyguide::net {

class GrpcConnection;

struct GrpcServerState {
  struct Method {
    GrpcHandler handler;
    bool admitted = true;  // asks the admission hook; the health service does not
  };

  GrpcServerOptions options;
  std::unordered_map<std::string, Method> methods;
  const base::Clock* clock = nullptr;

  std::atomic<bool> closed{false};  // new connections are dropped

  std::atomic<std::uint64_t> connections_total{0};
  std::atomic<std::uint64_t> connections_refused_total{0};
  std::atomic<std::uint64_t> connections_flooded_total{0};
  std::atomic<std::uint64_t> calls_total{0};
  std::atomic<std::uint64_t> calls_refused_total{0};
  std::atomic<std::uint64_t> received_bytes_total{0};
  std::atomic<std::uint64_t> sent_bytes_total{0};

  base::Mutex mutex;
  base::CondVar changed;
  std::unordered_set<GrpcConnection*> connections HG_GUARDED_BY(mutex);
};

}  // namespace honeyguide::net
