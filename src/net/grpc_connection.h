// One HTTP/2 connection of a gRPC server: nghttp2 parses and frames, this class reads, writes and
// keeps the calls. Lives on its I/O thread. Private to net.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "net/grpc_server_state.h"
#include "net/grpc_wire.h"
#include "net/socket_connection.h"
#include "net/stream_core.h"

namespace honeyguide::net {

// Tokens that come back with time: allows bursts, bounds rates.
class TokenBucket {
 public:
  TokenBucket(std::uint32_t burst, std::uint32_t per_second)
      : burst_(burst), per_second_(per_second), tokens_(burst) {}

  // False if none is left at `now_ns`.
  bool take(std::int64_t now_ns);

 private:
  double burst_;
  double per_second_;
  double tokens_;
  std::int64_t last_ns_ = 0;
};

// The status with which a stream ends: set by the writer, read by the connection at the end.
struct GrpcStreamEnd {
  base::Mutex mutex;
  bool finished HG_GUARDED_BY(mutex) = false;
  GrpcStatus status HG_GUARDED_BY(mutex) = {GrpcCode::kInternal, "the stream broke off", {}};
};

class GrpcConnection final : public SocketConnection {
 public:
  GrpcConnection(std::shared_ptr<IoThread> thread, std::unique_ptr<Transport> transport,
                 std::shared_ptr<GrpcServerState> state, std::shared_ptr<const Peer> peer);
  ~GrpcConnection() override;

  // On the I/O thread, once after construction.
  void start();
  // GOAWAY; closes once the calls in flight are done.
  void drain();

  void on_tick(std::int64_t now_ns) override;

  // The responder's calls, from any thread. `message` is framed already.
  void finish(std::int32_t stream_id, GrpcStatus status, std::string message, bool gzip);
  void begin_stream(std::int32_t stream_id, std::shared_ptr<StreamCore> core,
                    std::shared_ptr<GrpcStreamEnd> end, bool gzip);
  void pump(std::int32_t stream_id);

 protected:
  void on_readable() override;
  void on_sent() override;
  void on_closed() override;

 private:
  enum class Phase {
    kHeaders,   // the header block is arriving
    kMessage,   // waiting for the request message
    kInFlight,  // with the handler
    kAnswered,  // the answer is queued; what still arrives is thrown away
  };

  // One call.
  struct Call {
    std::int32_t id = 0;
    Phase phase = Phase::kHeaders;
    GrpcRequest request;
    std::string method;
    std::size_t header_bytes = 0;
    bool headers_too_large = false;
    bool not_grpc = false;
    bool gzip_reply = false;
    bool known_encoding = true;
    Encoding encoding = Encoding::kIdentity;
    const GrpcServerState::Method* target = nullptr;
    GrpcMessageReader reader;
    bool have_message = false;
    std::int64_t phase_deadline_ns = 0;
    std::optional<std::int64_t> deadline_ns;  // grpc-timeout
    std::size_t held_bytes = 0;               // counted in held_bytes_ while in flight
    std::stop_source stop{std::nostopstate};
    // The answer.
    std::deque<std::string> out;
    std::size_t out_offset = 0;
    std::size_t out_bytes = 0;
    bool ended = false;  // out holds everything; trailers follow
    bool plain_http = false;
    GrpcStatus status;
    std::shared_ptr<StreamCore> stream;
    std::shared_ptr<GrpcStreamEnd> stream_end;
  };

  struct Completion {
    std::int32_t stream_id = 0;
    GrpcStatus status;
    std::string message;
    bool gzip = false;
    enum class Kind { kUnary, kBegin, kPump } kind = Kind::kUnary;
    std::shared_ptr<StreamCore> core;
    std::shared_ptr<GrpcStreamEnd> end;
  };

  friend struct GrpcCallbacks;

  // Session events, from nghttp2 through GrpcCallbacks.
  void check_stream_id(std::int32_t id);
  void on_begin_call(std::int32_t id);
  void on_field(Call& call, std::string_view name, std::string_view value);
  void on_headers_done(Call& call);
  void on_data(std::int32_t id, std::string_view bytes);
  void on_request_end(Call& call);
  void on_call_closed(std::int32_t id);
  void on_control_frame(const nghttp2_frame& frame);
  void on_frame_sent(const nghttp2_frame& frame);
  long read_body(std::int32_t id, std::uint8_t* buffer, std::size_t size, std::uint32_t* flags);

  Call* find(std::int32_t id);
  bool admit(Call& call);
  void dispatch(Call& call);
  bool decompress(Call& call);
  void flooded();
  void give_window();
  bool feed(std::string_view bytes);

  // Answers.
  void post(Completion completion);
  void run_completions();
  void complete(Completion completion);
  void take_pieces(Call& call);
  bool next_batch(std::string& batch);
  void answer(Call& call, GrpcStatus status, std::string message, bool gzip);
  void answer_http(Call& call, int status, std::string_view text);
  void submit_head(Call& call, bool gzip);
  void submit_trailers(Call& call);
  void end_flight(Call& call);
  void check_deadlines(std::int64_t now_ns);
  // A connection that is over waits so long, and drops so many bytes, for the client to close its
  // side.
  static constexpr std::int64_t kLingerNs = 1'000'000'000;
  static constexpr std::size_t kLingerBytesMax = 64 * 1024;
  // Moves frames from the session to the socket.
  void flush_session();
  void report_streams();

  std::shared_ptr<GrpcServerState> state_;
  std::shared_ptr<const Peer> peer_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<std::int32_t, std::unique_ptr<Call>> calls_;
  bool processing_ = false;  // nghttp2 is on the stack: it must not be entered again
  bool handshaken_ = false;
  bool draining_ = false;
  bool goaway_sent_ = false;
  bool paused_ = false;          // not reading: the client does not take its answers
  bool sent_since_ping_ = true;  // answers went out since the last PING
  bool flooded_ = false;
  std::int32_t last_id_ = -1;                                      // of the newest stream
  std::deque<std::pair<std::int32_t, std::int32_t>> skipped_ids_;  // both ends included
  std::int64_t started_ns_ = 0;
  std::int64_t idle_since_ns_ = 0;
  bool client_left_ = false;  // it sent GOAWAY
  std::size_t lingered_bytes_ = 0;
  std::int64_t lingers_since_ns_ = 0;  // over: only reads and drops, until the client closes
  std::size_t held_bytes_ = 0;         // messages in handlers
  std::size_t withheld_bytes_ = 0;     // received, window not given back yet
  TokenBucket resets_;
  TokenBucket control_;

  base::Mutex mutex_;
  std::vector<Completion> completions_ HG_GUARDED_BY(mutex_);
  bool posted_ HG_GUARDED_BY(mutex_) = false;
};

}  // namespace honeyguide::net
