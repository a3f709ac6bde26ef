// A server of net alone, for peers in other languages and for h2spec and h2load: no telemetry.
//
// Prints one JSON line with its ports, then serves until stdin ends. gRPC methods of test.Echo:
// Unary returns the message; Fail answers INVALID_ARGUMENT with a message beyond ASCII and details;
// Stream sends the message three times; Slow never answers; Busy answers UNAVAILABLE with
// RetryInfo; Discard answers an empty message. Over HTTP every request is echoed.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "net/grpc_server.h"
#include "net/http_server.h"
#include "net/io_pool.h"

namespace {

using namespace honeyguide;
using net::GrpcCode;
using net::GrpcRequest;
using net::GrpcResponder;

void unary(GrpcRequest request, std::shared_ptr<GrpcResponder> responder) {
  responder->finish_ok(std::move(request.message));
}

void discard(GrpcRequest, std::shared_ptr<GrpcResponder> responder) { responder->finish_ok({}); }

void fail(GrpcRequest, std::shared_ptr<GrpcResponder> responder) {
  responder->finish({GrpcCode::kInvalidArgument, "100 % fälsch\n",
                     net::grpc_retry_info(GrpcCode::kInvalidArgument, "bad", 1500)},
                    {});
}

void busy(GrpcRequest, std::shared_ptr<GrpcResponder> responder) {
  responder->finish({GrpcCode::kUnavailable, "busy",
                     net::grpc_retry_info(GrpcCode::kUnavailable, "busy", 1500)},
                    {});
}

void stream(GrpcRequest request, std::shared_ptr<GrpcResponder> responder) {
  const auto out = responder->start_stream();
  for (int i = 0; i < 3; ++i) out->write(request.message);
  out->finish({});
}

}  // namespace

int main() {
  const base::SystemClock clock;
  auto pool = net::IoPool::create(2, clock);
  if (!pool) return 1;
  std::vector<std::shared_ptr<GrpcResponder>> waiting;
  base::Mutex mutex;
  const auto slow = [&](GrpcRequest, std::shared_ptr<GrpcResponder> responder) {
    base::MutexLock lock(mutex);
    waiting.push_back(std::move(responder));
  };
  net::GrpcServerOptions options;
  options.message_bytes_max = 24 * 1024 * 1024;
  auto grpc = net::GrpcServer::create(**pool, options,
                                      {{"/test.Echo/Unary", unary},
                                       {"/test.Echo/Discard", discard},
                                       {"/test.Echo/Fail", fail},
                                       {"/test.Echo/Busy", busy},
                                       {"/test.Echo/Stream", stream},
                                       {"/test.Echo/Slow", slow}});
  auto http = net::HttpServer::create(
      **pool, {}, [](net::HttpRequest request, std::shared_ptr<net::Responder> responder) {
        responder->send(
            net::HttpResponse::with_body(200, "application/octet-stream", std::move(request.body)));
      });
  if (!grpc || !http) return 1;
  std::printf("{\"grpc\":%u,\"http\":%u}\n", (*grpc)->port(), (*http)->port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  const bool drained = (*grpc)->drain(std::chrono::seconds(2));
  base::MutexLock lock(mutex);
  waiting.clear();
  return drained ? 0 : 2;
}
