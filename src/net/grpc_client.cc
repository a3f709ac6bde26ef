#include "net/grpc_client.h"

#include <algorithm>
#include <deque>
#include <future>
#include <iterator>
#include <utility>

#include "base/mutex.h"
#include "net/grpc_client_connection.h"
#include "net/tcp_connect.h"

namespace honeyguide::net {
namespace {

// Lives on one I/O thread; calls come in through a queue that wakes it once for many.
class Channel final : public Ticked, public std::enable_shared_from_this<Channel> {
 public:
  Channel(std::shared_ptr<IoThread> thread, GrpcClientOptions options)
      : thread_(std::move(thread)), options_(std::move(options)) {}

  void call(GrpcCall call, GrpcCallback done) {
    const std::int64_t deadline =
        thread_->now_ns() + std::chrono::nanoseconds(call.deadline).count();
    ClientCall entry{std::move(call), std::move(done), deadline};
    GrpcStatus refused;
    {
      base::MutexLock lock(mutex_);
      if (closed_) {
        refused = {GrpcCode::kCancelled, "the client is closed", {}};
      } else if (incoming_count_ >= options_.calls_waiting_max) {
        refused = {GrpcCode::kResourceExhausted, "too many calls are waiting", {}};
      } else {
        incoming_.push_back(std::move(entry));
        ++incoming_count_;
        if (std::exchange(posted_, true)) return;
      }
    }
    if (!refused.ok()) return entry.done({std::move(refused), {}});
    const bool posted = thread_->post([self = shared_from_this()] { self->take_incoming(); });
    if (!posted) close();
  }

  // On the thread (or after its end): ends everything CANCELLED.
  void close() {
    std::deque<ClientCall> left;
    {
      base::MutexLock lock(mutex_);
      closed_ = true;
      left.swap(incoming_);
    }
    // First of all, so that nothing below can start these on a new connection.
    std::move(waiting_.begin(), waiting_.end(), std::back_inserter(left));
    waiting_.clear();
    if (cancel_connect_) std::exchange(cancel_connect_, nullptr)();
    if (auto connection = std::exchange(connection_, nullptr)) connection->close();
    for (ClientCall& entry : left) {
      entry.done({{GrpcCode::kCancelled, "the client is closed", {}}, {}});
    }
    thread_->remove(this);
  }

  void start() {
    thread_->post([self = shared_from_this()] { self->thread_->add(self); });
  }
  void on_tick(std::int64_t now_ns) override {
    std::vector<ClientCall> late;
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      if (now_ns < it->deadline_ns) {
        ++it;
        continue;
      }
      late.push_back(std::move(*it));
      it = waiting_.erase(it);
    }
    count_out(late.size());
    for (ClientCall& entry : late) {
      entry.done({{GrpcCode::kDeadlineExceeded, "no connection before the deadline", {}}, {}});
    }
  }
  void on_thread_end() override { close(); }
  IoThread& thread() { return *thread_; }

 private:
  void take_incoming() {
    {
      base::MutexLock lock(mutex_);
      posted_ = false;
      std::move(incoming_.begin(), incoming_.end(), std::back_inserter(waiting_));
      incoming_.clear();
    }
    pump();
    if (connection_) connection_->flush_session();
  }

  void count_out(std::size_t count) {
    base::MutexLock lock(mutex_);
    incoming_count_ -= count;
  }

  // Hands waiting calls to the connection; the caller flushes.
  void pump() {
    if (waiting_.empty()) return;
    if (!connection_ || !connection_->usable()) return connect();
    std::size_t count = 0;
    while (!waiting_.empty() && connection_->usable() &&
           connection_->calls_in_flight() < options_.calls_in_flight_max) {
      ClientCall entry = std::move(waiting_.front());
      waiting_.pop_front();
      ++count;
      connection_->send(std::move(entry));
    }
    count_out(count);
  }

  void connect() {
    if (cancel_connect_) return;
    connection_ = nullptr;
    ConnectOptions where;
    where.host = options_.host;
    where.port = options_.port;
    where.timeout = options_.connect_timeout;
    cancel_connect_ = [] {};
    auto cancel =
        connect_tcp(thread_->context(), std::move(where),
                    [self = shared_from_this()](auto socket) { self->connected(socket); });
    if (cancel_connect_) cancel_connect_ = std::move(cancel);
  }

  void connected(base::Result<boost::asio::ip::tcp::socket>& socket) {
    cancel_connect_ = nullptr;
    if (!socket) {
      auto failed = std::move(waiting_);
      waiting_.clear();
      count_out(failed.size());
      const bool late = socket.error().code == base::ErrorCode::kCancelled;
      for (ClientCall& entry : failed) {
        entry.done(
            {{late ? GrpcCode::kCancelled : GrpcCode::kUnavailable, socket.error().message, {}},
             {}});
      }
      return;
    }
    boost::system::error_code error;
    const int fd = socket->release(error);
    if (error) return;
    connection_ = std::make_shared<GrpcClientConnection>(thread_, plain_transport(fd), options_,
                                                         [weak = weak_from_this()] {
                                                           if (const auto self = weak.lock())
                                                             self->pump();
                                                         });
    connection_->start();
    pump();
    if (connection_) connection_->flush_session();
  }

  const std::shared_ptr<IoThread> thread_;
  const GrpcClientOptions options_;
  std::shared_ptr<GrpcClientConnection> connection_;
  std::function<void()> cancel_connect_;
  std::deque<ClientCall> waiting_;

  base::Mutex mutex_;
  bool closed_ HG_GUARDED_BY(mutex_) = false;
  bool posted_ HG_GUARDED_BY(mutex_) = false;
  std::deque<ClientCall> incoming_ HG_GUARDED_BY(mutex_);
  std::size_t incoming_count_ HG_GUARDED_BY(mutex_) = 0;  // incoming_ and waiting_
};

class Nghttp2GrpcClient final : public GrpcClient {
 public:
  explicit Nghttp2GrpcClient(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {
    channel_->start();
  }
  ~Nghttp2GrpcClient() override {
    channel_->thread().run_and_wait([this] { channel_->close(); });
  }
  void call(GrpcCall call, GrpcCallback done) override {
    if (!call.message) call.message = std::make_shared<const std::string>();
    channel_->call(std::move(call), std::move(done));
  }

 private:
  const std::shared_ptr<Channel> channel_;
};

}  // namespace

base::Result<std::unique_ptr<GrpcClient>> GrpcClient::create(IoPool& pool,
                                                             GrpcClientOptions options) {
  if (options.host.empty() || options.port == 0) {
    return base::Error{base::ErrorCode::kInvalidArgument, "a gRPC client needs a host and a port"};
  }
  // The least busy thread.
  std::shared_ptr<IoThread> thread = pool.threads()[0];
  for (const auto& candidate : pool.threads()) {
    if (candidate->connection_count < thread->connection_count) thread = candidate;
  }
  return std::unique_ptr<GrpcClient>(
      std::make_unique<Nghttp2GrpcClient>(std::make_shared<Channel>(thread, std::move(options))));
}

GrpcReply GrpcClient::call_and_wait(GrpcCall request) {
  std::promise<GrpcReply> reply;
  call(std::move(request), [&](GrpcReply got) { reply.set_value(std::move(got)); });
  return reply.get_future().get();
}

}  // namespace honeyguide::net
