#include "net/grpc_server.h"

#include <utility>

#include "net/grpc_connection.h"
#include "net/grpc_health.h"
#include "net/listener.h"

namespace honeyguide::net {
namespace {

void adopt(const std::shared_ptr<GrpcServerState>& state, std::shared_ptr<IoThread> thread,
           std::unique_ptr<Transport> transport, std::shared_ptr<const Peer> peer) {
  if (state->closed) return;
  std::shared_ptr<GrpcConnection> connection;
  {
    base::MutexLock lock(state->mutex);
    if (state->connections.size() >= state->options.connections_max) {
      state->connections_refused_total.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    connection = std::make_shared<GrpcConnection>(std::move(thread), std::move(transport), state,
                                                  std::move(peer));
    state->connections.insert(connection.get());
  }
  state->connections_total.fetch_add(1, std::memory_order_relaxed);
  connection->start();
}

// "/package.Service/Method" -> "package.Service"
std::string_view service_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

class Nghttp2GrpcServer final : public GrpcServer {
 public:
  Nghttp2GrpcServer(IoPool& pool, std::shared_ptr<GrpcServerState> state,
                    std::shared_ptr<Listener> listener, std::shared_ptr<GrpcHealth> health)
      : pool_(pool),
        state_(std::move(state)),
        listener_(std::move(listener)),
        health_(std::move(health)) {}

  ~Nghttp2GrpcServer() override {
    listener_->close();
    state_->closed = true;
    health_->shut_down();
    for_each_connection([](GrpcConnection& connection) { connection.close(); });
    state_->methods.clear();
    state_->options.admission = nullptr;
  }

  std::string address() const override { return listener_->address(); }
  std::uint16_t port() const override { return listener_->port(); }

  void set_serving(std::string_view service, bool serving) override {
    health_->set_serving(service, serving);
  }

  bool drain(std::chrono::milliseconds deadline) override {
    listener_->close();
    health_->shut_down();
    for_each_connection([](GrpcConnection& connection) { connection.drain(); });
    bool finished = false;
    {
      base::MutexLock lock(state_->mutex);
      finished = state_->changed.wait_for(
          state_->mutex, deadline,
          [this] HG_REQUIRES(state_->mutex) { return state_->connections.empty(); });
    }
    if (!finished) for_each_connection([](GrpcConnection& connection) { connection.close(); });
    return finished;
  }

  GrpcServerStats stats() const override {
    GrpcServerStats stats;
    stats.connections_total = state_->connections_total;
    stats.connections_refused_total = state_->connections_refused_total;
    stats.connections_flooded_total = state_->connections_flooded_total;
    stats.calls_total = state_->calls_total;
    stats.calls_refused_total = state_->calls_refused_total;
    stats.received_bytes_total = state_->received_bytes_total;
    stats.sent_bytes_total = state_->sent_bytes_total;
    base::MutexLock lock(state_->mutex);
    stats.connections_open = state_->connections.size();
    return stats;
  }

 private:
  // On the thread of each connection, one thread after the other.
  void for_each_connection(const std::function<void(GrpcConnection&)>& action) {
    for (const auto& thread : pool_.threads()) {
      thread->run_and_wait([&] {
        std::vector<std::shared_ptr<SocketConnection>> mine;
        {
          base::MutexLock lock(state_->mutex);
          for (GrpcConnection* connection : state_->connections) {
            if (&connection->thread() == thread.get()) {
              mine.push_back(connection->shared_from_this());
            }
          }
        }
        for (const auto& connection : mine) action(static_cast<GrpcConnection&>(*connection));
      });
    }
  }

  IoPool& pool_;
  const std::shared_ptr<GrpcServerState> state_;
  const std::shared_ptr<Listener> listener_;
  const std::shared_ptr<GrpcHealth> health_;
};

std::shared_ptr<GrpcHealth> add_health(GrpcServerState& state) {
  auto health = std::make_shared<GrpcHealth>();
  health->set_serving("", true);
  for (const auto& [path, method] : state.methods) health->set_serving(service_of(path), true);
  state.methods[std::string(GrpcHealth::kCheckPath)] = {
      [health](GrpcRequest request, std::shared_ptr<GrpcResponder> responder) {
        health->check(request, *responder);
      },
      false};
  state.methods[std::string(GrpcHealth::kWatchPath)] = {
      [health](GrpcRequest request, std::shared_ptr<GrpcResponder> responder) {
        health->watch(request, *responder);
      },
      false};
  return health;
}

}  // namespace

base::Result<std::unique_ptr<GrpcServer>> GrpcServer::create(IoPool& pool,
                                                             GrpcServerOptions options,
                                                             std::vector<GrpcMethod> methods) {
  auto state = std::make_shared<GrpcServerState>();
  state->options = std::move(options);
  state->clock = &pool.clock();
  for (GrpcMethod& method : methods) {
    state->methods[std::move(method.path)] = {std::move(method.handler), true};
  }
  auto health = add_health(*state);
  auto listener = Listener::create(
      pool, state->options.host, state->options.port,
      [state](std::shared_ptr<IoThread> thread, std::unique_ptr<Transport> transport,
              std::shared_ptr<const Peer> peer) {
        adopt(state, std::move(thread), std::move(transport), std::move(peer));
      });
  if (!listener) return std::move(listener).error();
  return std::unique_ptr<GrpcServer>(std::make_unique<Nghttp2GrpcServer>(
      pool, std::move(state), std::move(listener).value(), std::move(health)));
}

}  // namespace honeyguide::net
