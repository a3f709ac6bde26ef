// grpc.health.v1.Health: Check and Watch over a table of services. Private to net.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "net/grpc_server.h"

namespace honeyguide::net {

// Thread-safe.
class GrpcHealth {
 public:
  // Watch calls at one time; above: RESOURCE_EXHAUSTED.
  static constexpr std::size_t kWatchersMax = 256;

  static constexpr std::string_view kCheckPath = "/grpc.health.v1.Health/Check";
  static constexpr std::string_view kWatchPath = "/grpc.health.v1.Health/Watch";

  void set_serving(std::string_view service, bool serving);
  // Everything NOT_SERVING, every watch ended.
  void shut_down();

  void check(const GrpcRequest& request, GrpcResponder& responder);
  void watch(const GrpcRequest& request, GrpcResponder& responder);

 private:
  struct Watcher {
    std::string service;
    std::shared_ptr<GrpcStream> stream;
  };

  // ServingStatus of the protocol: 1 serving, 2 not serving, 3 unknown service.
  int status_of(const std::string& service) const HG_REQUIRES(mutex_);

  base::Mutex mutex_;
  bool shut_down_ HG_GUARDED_BY(mutex_) = false;
  std::map<std::string, bool, std::less<>> serving_ HG_GUARDED_BY(mutex_);
  std::vector<Watcher> watchers_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::net
