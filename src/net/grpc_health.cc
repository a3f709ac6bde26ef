#include "net/grpc_health.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/bytes.h"

namespace honeyguide::net {
namespace {

constexpr int kServing = 1;
constexpr int kNotServing = 2;
constexpr int kServiceUnknown = 3;

// HealthCheckRequest{string service = 1}; other fields are skipped. Nothing if malformed.
std::optional<std::string> parse_service(std::string_view message) {
  base::ByteReader reader(message);
  std::string service;
  while (reader.ok() && !reader.at_end()) {
    const std::uint64_t tag = reader.varint();
    switch (tag & 7) {
      case 0:
        reader.varint();
        break;
      case 1:
        reader.take(8);
        break;
      case 2: {
        const std::string_view bytes = reader.bytes();
        if (tag >> 3 == 1) service = std::string(bytes);
        break;
      }
      case 5:
        reader.take(4);
        break;
      default:
        return std::nullopt;
    }
  }
  return reader.ok() ? std::optional(std::move(service)) : std::nullopt;
}

// HealthCheckResponse{ServingStatus status = 1}.
std::string response(int status) {
  return {'\x08', static_cast<char>(status)};
}

const GrpcStatus kMalformed{GrpcCode::kInvalidArgument, "malformed HealthCheckRequest", {}};

}  // namespace

int GrpcHealth::status_of(const std::string& service) const {
  const auto it = serving_.find(service);
  if (it == serving_.end()) return kServiceUnknown;
  return it->second && !shut_down_ ? kServing : kNotServing;
}

void GrpcHealth::set_serving(std::string_view service, bool serving) {
  base::MutexLock lock(mutex_);
  serving_[std::string(service)] = serving;
  std::erase_if(watchers_, [](const Watcher& watcher) {
    return watcher.stream->state() == StreamState::kGone;
  });
  for (const Watcher& watcher : watchers_) {
    if (watcher.service == service) watcher.stream->write(response(status_of(watcher.service)));
  }
}

void GrpcHealth::shut_down() {
  std::vector<Watcher> watchers;
  {
    base::MutexLock lock(mutex_);
    shut_down_ = true;
    watchers.swap(watchers_);
  }
  for (const Watcher& watcher : watchers) {
    watcher.stream->write(response(kNotServing));
    watcher.stream->finish({GrpcCode::kUnavailable, "the server is stopping", {}});
  }
}

void GrpcHealth::check(const GrpcRequest& request, GrpcResponder& responder) {
  const auto service = parse_service(request.message);
  if (!service) {
    responder.finish(kMalformed, {});
    return;
  }
  int status = kServiceUnknown;
  {
    base::MutexLock lock(mutex_);
    status = status_of(*service);
  }
  if (status == kServiceUnknown) {
    responder.finish({GrpcCode::kNotFound, "unknown service", {}}, {});
  } else {
    responder.finish_ok(response(status));
  }
}

void GrpcHealth::watch(const GrpcRequest& request, GrpcResponder& responder) {
  const auto service = parse_service(request.message);
  if (!service) {
    responder.finish(kMalformed, {});
    return;
  }
  base::MutexLock lock(mutex_);
  std::erase_if(watchers_, [](const Watcher& watcher) {
    return watcher.stream->state() == StreamState::kGone;
  });
  if (watchers_.size() >= kWatchersMax || shut_down_) {
    responder.finish({GrpcCode::kResourceExhausted, "too many watchers", {}}, {});
    return;
  }
  auto stream = responder.start_stream();
  stream->write(response(status_of(*service)));
  watchers_.push_back({*service, std::move(stream)});
}

}  // namespace honeyguide::net
