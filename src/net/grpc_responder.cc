#include "net/grpc_responder.h"

#include <atomic>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "net/compression.h"
#include "net/grpc_connection.h"
#include "net/grpc_wire.h"

namespace honeyguide::net {
namespace {

std::string frame(const std::string& message, bool gzip, std::size_t compress_bytes_min) {
  if (!gzip || message.size() < compress_bytes_min) return frame_grpc_message(message);
  return frame_grpc_message(deflate_gzip(message), true);
}

class Stream final : public GrpcStream {
 public:
  Stream(std::shared_ptr<StreamCore> core, std::shared_ptr<GrpcStreamEnd> end, bool gzip,
         std::size_t compress_bytes_min)
      : core_(std::move(core)),
        end_(std::move(end)),
        gzip_(gzip),
        compress_bytes_min_(compress_bytes_min) {}
  ~Stream() override { core_->end(false); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  StreamState write(std::string message) override {
    return core_->write(frame(message, gzip_, compress_bytes_min_));
  }
  StreamState state() const override { return core_->state(); }
  std::size_t buffered_bytes() const override { return core_->buffered_bytes(); }
  StreamState wait_writable(std::chrono::milliseconds timeout) override {
    return core_->wait_writable(timeout);
  }
  void on_writable(std::function<void()> callback) override {
    core_->on_writable(std::move(callback));
  }
  void finish(GrpcStatus status) override {
    {
      base::MutexLock lock(end_->mutex);
      if (std::exchange(end_->finished, true)) return;
      end_->status = std::move(status);
    }
    core_->end(true);
  }

 private:
  const std::shared_ptr<StreamCore> core_;
  const std::shared_ptr<GrpcStreamEnd> end_;
  const bool gzip_;
  const std::size_t compress_bytes_min_;
};

class ConnectionResponder final : public GrpcResponder {
 public:
  ConnectionResponder(std::shared_ptr<GrpcConnection> connection, std::int32_t stream_id,
                      std::stop_source stop, const GrpcServerOptions& options, bool gzip)
      : connection_(std::move(connection)),
        stream_id_(stream_id),
        stop_(std::move(stop)),
        compress_bytes_min_(options.compress_bytes_min),
        stream_mark_(options.stream_buffer_bytes),
        gzip_(gzip) {}

  ~ConnectionResponder() override {
    if (!answered_) finish({GrpcCode::kInternal, "no answer was given", {}}, {});
  }
  ConnectionResponder(const ConnectionResponder&) = delete;
  ConnectionResponder& operator=(const ConnectionResponder&) = delete;

  bool finish(GrpcStatus status, std::string message) override {
    if (answered_.exchange(true)) return false;
    if (status.ok()) message = frame(message, gzip_, compress_bytes_min_);
    connection_->finish(stream_id_, std::move(status), std::move(message), gzip_);
    return !stop_.stop_requested();
  }

  std::shared_ptr<GrpcStream> start_stream() override {
    if (answered_.exchange(true)) return nullptr;
    auto end = std::make_shared<GrpcStreamEnd>();
    auto core = std::make_shared<StreamCore>(
        stream_mark_, [connection = connection_, id = stream_id_] { connection->pump(id); });
    connection_->begin_stream(stream_id_, core, end, gzip_);
    return std::make_shared<Stream>(std::move(core), std::move(end), gzip_, compress_bytes_min_);
  }

  std::stop_token stop_token() const override { return stop_.get_token(); }

 private:
  const std::shared_ptr<GrpcConnection> connection_;
  const std::int32_t stream_id_;
  const std::stop_source stop_;
  const std::size_t compress_bytes_min_;
  const std::size_t stream_mark_;
  const bool gzip_;
  std::atomic<bool> answered_{false};
};

}  // namespace

std::shared_ptr<GrpcResponder> make_grpc_responder(std::shared_ptr<GrpcConnection> connection,
                                                   std::int32_t stream_id, std::stop_source stop,
                                                   const GrpcServerOptions& options, bool gzip) {
  return std::make_shared<ConnectionResponder>(std::move(connection), stream_id, std::move(stop),
                                               options, gzip);
}

}  // namespace honeyguide::net
