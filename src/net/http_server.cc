#include "net/http_server.h"

#include <utility>

#include "net/http_connection.h"
#include "net/listener.h"

namespace honeyguide::net {
namespace {

void adopt(const std::shared_ptr<HttpServerState>& state, std::shared_ptr<IoThread> thread,
           std::unique_ptr<Transport> transport, std::shared_ptr<const Peer> peer) {
  if (state->closed) return;
  std::shared_ptr<HttpConnection> connection;
  {
    base::MutexLock lock(state->mutex);
    if (state->connections.size() >= state->options.connections_max) {
      state->connections_refused_total.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    connection = std::make_shared<HttpConnection>(std::move(thread), std::move(transport), state,
                                                  std::move(peer));
    state->connections.insert(connection.get());
  }
  state->connections_total.fetch_add(1, std::memory_order_relaxed);
  connection->start();
}

class AsioHttpServer final : public HttpServer {
 public:
  AsioHttpServer(IoPool& pool, std::shared_ptr<HttpServerState> state,
                 std::shared_ptr<Listener> listener)
      : pool_(pool), state_(std::move(state)), listener_(std::move(listener)) {}

  ~AsioHttpServer() override {
    listener_->close();
    state_->closed = true;
    for_each_connection([](HttpConnection& connection) { connection.close(); });
    state_->handler = nullptr;
    state_->options.admission = nullptr;
    state_->options.error_formatter = nullptr;
  }

  std::string address() const override { return listener_->address(); }
  std::uint16_t port() const override { return listener_->port(); }

  bool drain(std::chrono::milliseconds deadline) override {
    listener_->close();
    state_->draining = true;
    for_each_connection([](HttpConnection& connection) { connection.drain(); });
    bool finished = false;
    {
      base::MutexLock lock(state_->mutex);
      finished = state_->changed.wait_for(
          state_->mutex, deadline,
          [this] HG_REQUIRES(state_->mutex) { return state_->connections.empty(); });
    }
    if (!finished) for_each_connection([](HttpConnection& connection) { connection.close(); });
    return finished;
  }

  HttpServerStats stats() const override {
    HttpServerStats stats;
    stats.connections_total = state_->connections_total;
    stats.connections_refused_total = state_->connections_refused_total;
    stats.requests_total = state_->requests_total;
    stats.requests_refused_total = state_->requests_refused_total;
    stats.requests_malformed_total = state_->requests_malformed_total;
    stats.received_bytes_total = state_->received_bytes_total;
    stats.sent_bytes_total = state_->sent_bytes_total;
    base::MutexLock lock(state_->mutex);
    stats.connections_open = state_->connections.size();
    return stats;
  }

 private:
  // On the thread of each connection, one thread after the other.
  void for_each_connection(const std::function<void(HttpConnection&)>& action) {
    for (const auto& thread : pool_.threads()) {
      thread->run_and_wait([&] {
        std::vector<std::shared_ptr<SocketConnection>> mine;
        {
          base::MutexLock lock(state_->mutex);
          for (HttpConnection* connection : state_->connections) {
            if (&connection->thread() == thread.get()) {
              mine.push_back(connection->shared_from_this());
            }
          }
        }
        for (const auto& connection : mine) action(static_cast<HttpConnection&>(*connection));
      });
    }
  }

  IoPool& pool_;
  const std::shared_ptr<HttpServerState> state_;
  const std::shared_ptr<Listener> listener_;
};

}  // namespace

base::Result<std::unique_ptr<HttpServer>> HttpServer::create(IoPool& pool,
                                                             HttpServerOptions options,
                                                             HttpHandler handler) {
  auto state = std::make_shared<HttpServerState>();
  state->options = std::move(options);
  state->handler = std::move(handler);
  state->clock = &pool.clock();
  const auto& where = state->options;
  auto listener = Listener::create(
      pool, where.host, where.port,
      [state](std::shared_ptr<IoThread> thread, std::unique_ptr<Transport> transport,
              std::shared_ptr<const Peer> peer) {
        adopt(state, std::move(thread), std::move(transport), std::move(peer));
      });
  if (!listener) return std::move(listener).error();
  return std::unique_ptr<HttpServer>(
      std::make_unique<AsioHttpServer>(pool, std::move(state), std::move(listener).value()));
}

}  // namespace honeyguide::net
