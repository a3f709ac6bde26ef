#include "net/grpc_connection.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "net/grpc_responder.h"

namespace honeyguide::net {
namespace {

constexpr int kReadsPerWake = 8;
// Bytes queued to a client that does not read before we stop reading from it.
constexpr std::size_t kOutPauseBytes = 1024 * 1024;
constexpr std::uint32_t kStreamWindowBytes = 1024 * 1024;
constexpr std::size_t kContinuationsMax = 8;
// Ranges of skipped stream ids that are remembered; the oldest is forgotten first.
constexpr std::size_t kSkippedRangesMax = 32;

}  // namespace

// The C callbacks of nghttp2; `user` is the connection.
struct GrpcCallbacks {
  static GrpcConnection& self(void* user) { return *static_cast<GrpcConnection*>(user); }

  static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
    if (head->type == NGHTTP2_HEADERS) self(user).check_stream_id(head->stream_id);
    return 0;
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      self(user).on_begin_call(frame->hd.stream_id);
    }
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    GrpcConnection::Call* call = self(user).find(frame->hd.stream_id);
    if (call == nullptr || call->phase != GrpcConnection::Phase::kHeaders) return 0;
    self(user).on_field(*call, {reinterpret_cast<const char*>(name), name_size},
                        {reinterpret_cast<const char*>(value), value_size});
    return 0;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    GrpcConnection& connection = self(user);
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) {
      connection.on_control_frame(*frame);
      return 0;
    }
    if (frame->hd.type == NGHTTP2_DATA && frame->hd.length == 0 && !end) {
      connection.on_control_frame(*frame);
    }
    GrpcConnection::Call* call = connection.find(frame->hd.stream_id);
    if (call == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && call->phase == GrpcConnection::Phase::kHeaders) {
      connection.on_headers_done(*call);
    }
    // Looked up anew: the answer may have closed the call.
    call = end ? connection.find(frame->hd.stream_id) : nullptr;
    if (call != nullptr) connection.on_request_end(*call);
    return 0;
  }

  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                  std::size_t size, void* user) {
    self(user).on_data(id, {reinterpret_cast<const char*>(bytes), size});
    return 0;
  }

  static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    self(user).on_call_closed(id);
    return 0;
  }

  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    self(user).on_frame_sent(*frame);
    return 0;
  }

  static nghttp2_session* create(GrpcConnection* connection, const GrpcServerOptions& limits) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_max_continuations(option, kContinuationsMax);
    // Our own bucket answers first, with ENHANCE_YOUR_CALM; this is the second line.
    nghttp2_option_set_stream_reset_rate_limit(option, limits.resets_burst + 1u,
                                               limits.resets_per_second + 1u);
    nghttp2_session* session = nullptr;
    nghttp2_session_server_new2(&session, callbacks, connection, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return session;
  }
};

bool TokenBucket::take(std::int64_t now_ns) {
  const double seconds = static_cast<double>(now_ns - last_ns_) / 1e9;
  tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
  last_ns_ = now_ns;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

GrpcConnection::GrpcConnection(std::shared_ptr<IoThread> thread,
                               std::unique_ptr<Transport> transport,
                               std::shared_ptr<GrpcServerState> state,
                               std::shared_ptr<const Peer> peer)
    : SocketConnection(std::move(thread), std::move(transport)),
      state_(std::move(state)),
      peer_(std::move(peer)),
      resets_(state_->options.resets_burst, state_->options.resets_per_second),
      control_(state_->options.control_frames_per_second,
               state_->options.control_frames_per_second) {}

GrpcConnection::~GrpcConnection() {
  nghttp2_session_del(session_);
}

void GrpcConnection::start() {
  register_self();
  const GrpcServerOptions& limits = state_->options;
  session_ = GrpcCallbacks::create(this, limits);
  const auto header_bytes = static_cast<std::uint32_t>(limits.header_bytes_max);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, header_bytes},
  };
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  const std::size_t window = std::clamp<std::size_t>(limits.connection_bytes_max, 65'536, 1u << 30);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(window));
  started_ns_ = idle_since_ns_ = thread().now_ns();
  flush_session();
  want_read();
}

GrpcConnection::Call* GrpcConnection::find(std::int32_t id) {
  const auto it = calls_.find(id);
  return it == calls_.end() ? nullptr : it->second.get();
}

void GrpcConnection::on_readable() {
  for (int i = 0; i < kReadsPerWake; ++i) {
    const TransportResult read = receive(IoThread::kScratchBytes);
    if (read.state == TransportState::kWouldBlock) break;
    if (read.state != TransportState::kOk) return close();
    if (lingers_since_ns_ != 0) {
      lingered_bytes_ += read.bytes;
      if (lingered_bytes_ > kLingerBytesMax) return close();
      continue;
    }
    if (!feed({thread().scratch(), read.bytes})) return;
    if (read.bytes < IoThread::kScratchBytes) break;
  }
  flush_session();
  if (!open()) return;
  paused_ = out_bytes() > kOutPauseBytes;
  if (!paused_) want_read();
}

bool GrpcConnection::feed(std::string_view bytes) {
  state_->received_bytes_total.fetch_add(bytes.size(), std::memory_order_relaxed);
  processing_ = true;
  const ssize_t used = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  processing_ = false;
  if (!open()) return false;
  if (used >= 0) return true;
  // Not HTTP/2, or beyond repair: say goodbye as far as that is possible.
  if (used == NGHTTP2_ERR_FLOODED) flooded();
  flush_session();
  close();
  return false;
}

// RFC 9113 5.1.1: a new stream closes the idle ones below it. nghttp2 ignores HEADERS for those;
// they are a connection error, while late trailers of streams that did exist are not.
void GrpcConnection::check_stream_id(std::int32_t id) {
  for (const auto& [first, last] : skipped_ids_) {
    if (id >= first && id <= last) {
      nghttp2_session_terminate_session(session_, NGHTTP2_PROTOCOL_ERROR);
      return;
    }
  }
  if (id <= last_id_) return;
  if (id > last_id_ + 2) skipped_ids_.emplace_back(last_id_ + 1, id - 1);
  if (skipped_ids_.size() > kSkippedRangesMax) skipped_ids_.pop_front();
  last_id_ = id;
}

void GrpcConnection::on_begin_call(std::int32_t id) {
  auto call = std::make_unique<Call>();
  call->id = id;
  call->request.peer = peer_;
  call->request.metadata.reserve(12, 384);
  call->phase_deadline_ns =
      thread().now_ns() + std::chrono::nanoseconds(state_->options.header_timeout).count();
  calls_[id] = std::move(call);
}

void GrpcConnection::on_field(Call& call, std::string_view name, std::string_view value) {
  // 32 bytes a field, as SETTINGS_MAX_HEADER_LIST_SIZE counts.
  call.header_bytes += name.size() + value.size() + 32;
  if (call.header_bytes > state_->options.header_bytes_max) {
    call.headers_too_large = true;
    return;
  }
  if (name.starts_with(':')) {
    if (name == ":path") call.request.path.assign(value);
    if (name == ":method") call.method.assign(value);
    return;
  }
  call.request.metadata.add(name, value);
}

void GrpcConnection::on_headers_done(Call& call) {
  call.phase = Phase::kMessage;
  const std::int64_t now = thread().now_ns();
  call.phase_deadline_ns = now + std::chrono::nanoseconds(state_->options.message_timeout).count();
  if (call.headers_too_large) {
    return answer(call, {GrpcCode::kResourceExhausted, "the metadata is too large", {}}, {}, false);
  }
  const Headers& fields = call.request.metadata;
  if (call.method != "POST" || !fields.get("content-type").starts_with("application/grpc")) {
    call.not_grpc = true;  // answered at its end, like any other HTTP request
    return;
  }
  state_->calls_total.fetch_add(1, std::memory_order_relaxed);
  if (const std::string_view timeout = fields.get("grpc-timeout"); !timeout.empty()) {
    const auto ns = parse_grpc_timeout(timeout);
    if (!ns) {
      return answer(call, {GrpcCode::kInvalidArgument, "malformed grpc-timeout", {}}, {}, false);
    }
    call.request.deadline_steady = call.deadline_ns = now + *ns;
  }
  const auto encoding = parse_encoding(fields.get("grpc-encoding"));
  call.known_encoding = encoding.has_value();
  call.encoding = encoding.value_or(Encoding::kIdentity);
  call.gzip_reply =
      call.encoding == Encoding::kGzip && fields.has_token("grpc-accept-encoding", "gzip");
  const auto method = state_->methods.find(call.request.path);
  if (method == state_->methods.end()) {
    std::string text = "unknown method " + call.request.path;
    return answer(call, {GrpcCode::kUnimplemented, std::move(text), {}}, {}, false);
  }
  call.target = &method->second;
}

bool GrpcConnection::admit(Call& call) {
  const std::size_t size = call.reader.size_bytes();
  if (size > state_->options.message_bytes_max) {
    std::string text = "the message is larger than " +
                       std::to_string(state_->options.message_bytes_max) + " bytes";
    answer(call, {GrpcCode::kResourceExhausted, std::move(text), {}}, {}, false);
    return false;
  }
  if (!call.target->admitted || !state_->options.admission) return true;
  GrpcAdmission admission = state_->options.admission(call.request, size);
  if (!admission.status.ok()) {
    state_->calls_refused_total.fetch_add(1, std::memory_order_relaxed);
    answer(call, std::move(admission.status), {}, false);
    return false;
  }
  call.request.reservation = std::move(admission.reservation);
  return true;
}

void GrpcConnection::on_data(std::int32_t id, std::string_view bytes) {
  // Window goes back at once, unless the handlers hold more than this connection's share.
  const std::size_t size = bytes.size();
  nghttp2_session_consume_stream(session_, id, size);
  if (held_bytes_ > state_->options.connection_bytes_max) {
    withheld_bytes_ += size;
  } else {
    nghttp2_session_consume_connection(session_, size);
  }
  Call* call = find(id);
  if (call == nullptr || call->phase != Phase::kMessage || call->not_grpc) return;
  while (!bytes.empty()) {
    if (call->have_message) {
      return answer(*call, {GrpcCode::kUnimplemented, "client streaming is not supported", {}}, {},
                    false);
    }
    switch (call->reader.feed(bytes)) {
      case GrpcMessageReader::Event::kNeedMore:
        break;
      case GrpcMessageReader::Event::kPrefix:
        if (!admit(*call)) return;
        call->have_message = call->reader.complete();
        break;
      case GrpcMessageReader::Event::kMessage:
        call->have_message = true;
        break;
      case GrpcMessageReader::Event::kMalformed:
        return answer(*call, {GrpcCode::kInternal, "malformed message prefix", {}}, {}, false);
    }
  }
}

void GrpcConnection::on_request_end(Call& call) {
  if (call.phase != Phase::kMessage) return;
  if (call.not_grpc) {
    return answer_http(call, call.method == "POST" ? 415 : 405, "this port speaks gRPC only\n");
  }
  if (!call.have_message) {
    return answer(call, {GrpcCode::kInternal, "the request has no complete message", {}}, {},
                  false);
  }
  dispatch(call);
}

bool GrpcConnection::decompress(Call& call) {
  const bool compressed = call.reader.compressed();
  call.request.wire_message_bytes = call.reader.size_bytes();
  call.request.message = call.reader.take();
  if (!compressed) return true;
  if (!call.known_encoding) {
    answer(call, {GrpcCode::kUnimplemented, "unknown grpc-encoding", {}}, {}, false);
    return false;
  }
  if (call.encoding == Encoding::kIdentity) {
    answer(call, {GrpcCode::kInternal, "compressed message without a grpc-encoding", {}}, {},
           false);
    return false;
  }
  InflateLimits limits;
  limits.output_bytes_max = state_->options.message_bytes_max;
  limits.ratio_max = state_->options.inflate_ratio_max;
  auto message = inflate(call.encoding, call.request.message, limits, &call.request.reservation);
  if (message) {
    call.request.message = std::move(message).value();
    return true;
  }
  const base::Error& error = message.error();
  GrpcStatus status{GrpcCode::kInternal, error.message, {}};
  if (error.code == base::ErrorCode::kResourceExhausted) status.code = GrpcCode::kResourceExhausted;
  if (error.code == base::ErrorCode::kUnavailable) {
    status.code = GrpcCode::kUnavailable;
    status.details = grpc_retry_info(status.code, status.message, 1000);
    state_->calls_refused_total.fetch_add(1, std::memory_order_relaxed);
  }
  answer(call, std::move(status), {}, false);
  return false;
}

void GrpcConnection::dispatch(Call& call) {
  if (!decompress(call)) return;
  call.phase = Phase::kInFlight;
  call.held_bytes = call.request.message.size();
  held_bytes_ += call.held_bytes;
  call.stop = std::stop_source();
  auto responder = make_grpc_responder(std::static_pointer_cast<GrpcConnection>(shared_from_this()),
                                       call.id, call.stop, state_->options, call.gzip_reply);
  call.target->handler(std::move(call.request), std::move(responder));
}

void GrpcConnection::on_control_frame(const nghttp2_frame& frame) {
  const std::int64_t now = thread().now_ns();
  switch (frame.hd.type) {
    case NGHTTP2_RST_STREAM:
      if (!resets_.take(now)) flooded();
      return;
    case NGHTTP2_PING:
      // Clients measure the path with pings between answers; those are paid for.
      if (std::exchange(sent_since_ping_, false)) return;
      break;
    case NGHTTP2_SETTINGS:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) return;
      if (!std::exchange(handshaken_, true)) return;
      break;
    case NGHTTP2_GOAWAY:
      client_left_ = true;
      return;
    case NGHTTP2_WINDOW_UPDATE:
      return;
    default:
      break;
  }
  if (!control_.take(now)) flooded();
}

void GrpcConnection::flooded() {
  if (std::exchange(flooded_, true)) return;
  state_->connections_flooded_total.fetch_add(1, std::memory_order_relaxed);
  nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
}

void GrpcConnection::on_call_closed(std::int32_t id) {
  const auto it = calls_.find(id);
  if (it == calls_.end()) return;
  // Out of the map first: stop callbacks may answer.
  const std::unique_ptr<Call> call = std::move(it->second);
  calls_.erase(it);
  end_flight(*call);
  if (call->stream) call->stream->set_gone();
  call->stop.request_stop();
  if (calls_.empty()) idle_since_ns_ = thread().now_ns();
}

void GrpcConnection::on_closed() {
  auto calls = std::move(calls_);
  calls_.clear();
  for (auto& [id, call] : calls) {
    if (call->stream) call->stream->set_gone();
    call->stop.request_stop();
  }
  state_->sent_bytes_total += take_sent_bytes();
  base::MutexLock lock(state_->mutex);
  state_->connections.erase(this);
  state_->changed.notify_all();
}

}  // namespace honeyguide::net
