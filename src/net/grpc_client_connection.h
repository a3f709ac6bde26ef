// The client's end of one HTTP/2 connection: many unary calls in flight. Lives on its I/O thread.
// Private to net.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <nghttp2/nghttp2.h>

#include "net/grpc_client.h"
#include "net/grpc_wire.h"
#include "net/socket_connection.h"

namespace honeyguide::net {

// A call on its way, with what is needed to end it.
struct ClientCall {
  GrpcCall call;
  GrpcCallback done;
  std::int64_t deadline_ns = 0;
};

class GrpcClientConnection final : public SocketConnection {
 public:
  // `on_change` is called after calls have ended or the connection closed, never from inside
  // send().
  GrpcClientConnection(std::shared_ptr<IoThread> thread, std::unique_ptr<Transport> transport,
                       const GrpcClientOptions& options, std::function<void()> on_change);
  ~GrpcClientConnection() override;

  void start();

  // True while it takes new calls.
  bool usable() const { return open() && !goaway_; }
  std::size_t calls_in_flight() const { return calls_.size(); }
  // Starts a call; write it out with flush_session(). Requires usable().
  void send(ClientCall call);
  void flush_session();

  void on_tick(std::int64_t now_ns) override;

 protected:
  void on_readable() override;
  void on_sent() override;
  void on_closed() override;

 private:
  struct Active {
    ClientCall call;
    std::shared_ptr<const std::string> body;  // the message, compressed if asked for
    std::string prefix;
    std::size_t sent = 0;  // of prefix and body together
    GrpcMessageReader reader;
    std::string message;
    bool have_message = false;
    bool compressed = false;
    std::optional<int> status;
    int http_status = 0;
    std::string status_message;
    std::string details;
    std::string encoding;
  };

  friend struct GrpcClientCallbacks;

  Active* find(std::int32_t id);
  void on_field(Active& call, std::string_view name, std::string_view value);
  void on_data(std::int32_t id, std::string_view bytes);
  void on_stream_closed(std::int32_t id, std::uint32_t error);
  long read_body(std::int32_t id, std::uint8_t* buffer, std::size_t size, std::uint32_t* flags);
  GrpcReply reply_of(Active& call, std::uint32_t error) const;
  void abort(std::int32_t id, GrpcStatus status);
  void changed();

  const GrpcClientOptions options_;
  const std::function<void()> on_change_;
  const std::string authority_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<std::int32_t, std::unique_ptr<Active>> calls_;
  bool goaway_ = false;
  bool busy_ = false;  // nghttp2 is on the stack
};

}  // namespace honeyguide::net
