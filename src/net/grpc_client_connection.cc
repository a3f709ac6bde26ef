#include "net/grpc_client_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace honeyguide::net {
namespace {

constexpr std::size_t kBatchBytes = 256 * 1024;
constexpr std::uint32_t kStreamWindowBytes = 4 * 1024 * 1024;
constexpr std::int32_t kConnectionWindowBytes = 64 * 1024 * 1024;
constexpr std::size_t kHeaderTextMax = 64 * 1024;
constexpr std::int64_t kSilenceMaxNs = 30'000'000'000;

std::uint8_t* raw(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  return {raw(name), raw(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

// What an HTTP status means when there is no grpc-status (gRPC over HTTP/2, HTTP to gRPC mapping).
GrpcCode code_of_http(int status) {
  switch (status) {
    case 400:
      return GrpcCode::kInternal;
    case 401:
      return GrpcCode::kUnauthenticated;
    case 403:
      return GrpcCode::kPermissionDenied;
    case 404:
      return GrpcCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcCode::kUnavailable;
    default:
      return GrpcCode::kUnknown;
  }
}

GrpcCode code_of_reset(std::uint32_t error) {
  switch (error) {
    case NGHTTP2_REFUSED_STREAM:
    case NGHTTP2_NO_ERROR:
      return GrpcCode::kUnavailable;
    case NGHTTP2_CANCEL:
      return GrpcCode::kCancelled;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return GrpcCode::kResourceExhausted;
    case NGHTTP2_INADEQUATE_SECURITY:
      return GrpcCode::kPermissionDenied;
    default:
      return GrpcCode::kInternal;
  }
}

}  // namespace

struct GrpcClientCallbacks {
  static GrpcClientConnection& self(void* user) {
    return *static_cast<GrpcClientConnection*>(user);
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    if (auto* call = self(user).find(frame->hd.stream_id)) {
      self(user).on_field(*call, {reinterpret_cast<const char*>(name), name_size},
                          {reinterpret_cast<const char*>(value), value_size});
    }
    return 0;
  }
  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                  std::size_t size, void* user) {
    self(user).on_data(id, {reinterpret_cast<const char*>(bytes), size});
    return 0;
  }
  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) self(user).goaway_ = true;
    return 0;
  }
  static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
    self(user).on_stream_closed(id, error);
    return 0;
  }

  static nghttp2_session* create(GrpcClientConnection* connection) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    nghttp2_session* session = nullptr;
    nghttp2_session_client_new(&session, callbacks, connection);
    nghttp2_session_callbacks_del(callbacks);
    return session;
  }
};

GrpcClientConnection::GrpcClientConnection(std::shared_ptr<IoThread> thread,
                                           std::unique_ptr<Transport> transport,
                                           const GrpcClientOptions& options,
                                           std::function<void()> on_change)
    : SocketConnection(std::move(thread), std::move(transport)),
      options_(options),
      on_change_(std::move(on_change)),
      authority_(
          (options.host.find(':') == std::string::npos ? options.host : "[" + options.host + "]") +
          ":" + std::to_string(options.port)) {}

GrpcClientConnection::~GrpcClientConnection() {
  nghttp2_session_del(session_);
}

void GrpcClientConnection::start() {
  register_self();
  session_ = GrpcClientCallbacks::create(this);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes},
  };
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindowBytes);
  flush_session();
  want_read();
}

GrpcClientConnection::Active* GrpcClientConnection::find(std::int32_t id) {
  const auto it = calls_.find(id);
  return it == calls_.end() ? nullptr : it->second.get();
}

void GrpcClientConnection::send(ClientCall call) {
  auto active = std::make_unique<Active>();
  const bool gzip = call.call.gzip;
  active->body = gzip ? std::make_shared<const std::string>(deflate_gzip(*call.call.message))
                      : call.call.message;
  active->prefix.push_back(gzip ? '\1' : '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    active->prefix.push_back(static_cast<char>(active->body->size() >> shift & 255));
  }
  const std::int64_t left = std::max<std::int64_t>(call.deadline_ns - thread().now_ns(), 0);
  const std::string timeout = format_grpc_timeout(left);
  std::vector<nghttp2_nv> fields = {
      field(":method", "POST"),          field(":scheme", "http"),
      field(":path", call.call.path),    field(":authority", authority_),
      field("te", "trailers"),           field("content-type", "application/grpc"),
      field("user-agent", "honeyguide"), field("grpc-accept-encoding", "identity,gzip"),
      field("grpc-timeout", timeout),
  };
  if (gzip) fields.push_back(field("grpc-encoding", "gzip"));
  for (std::size_t i = 0; i < call.call.metadata.size(); ++i) {
    fields.push_back(field(call.call.metadata.name(i), call.call.metadata.value(i)));
  }
  nghttp2_data_provider body{};
  body.source.ptr = this;
  body.read_callback = [](nghttp2_session*, std::int32_t id, std::uint8_t* buffer, std::size_t size,
                          std::uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
    return static_cast<GrpcClientConnection*>(source->ptr)->read_body(id, buffer, size, flags);
  };
  const std::int32_t id =
      nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &body, nullptr);
  if (id < 0) {
    // Out of stream ids: this connection is used up.
    goaway_ = true;
    return call.done({{GrpcCode::kUnavailable, "the connection is used up", {}}, {}});
  }
  active->call = std::move(call);
  calls_[id] = std::move(active);
}

long GrpcClientConnection::read_body(std::int32_t id, std::uint8_t* buffer, std::size_t size,
                                     std::uint32_t* flags) {
  Active* call = find(id);
  if (call == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  std::size_t written = 0;
  while (call->sent < kGrpcPrefixBytes && written < size) {
    buffer[written++] = static_cast<std::uint8_t>(call->prefix[call->sent++]);
  }
  const std::size_t offset = call->sent - kGrpcPrefixBytes;
  const std::size_t count = std::min(size - written, call->body->size() - offset);
  std::memcpy(buffer + written, call->body->data() + offset, count);
  call->sent += count;
  written += count;
  if (call->sent == kGrpcPrefixBytes + call->body->size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<long>(written);
}

void GrpcClientConnection::on_field(Active& call, std::string_view name, std::string_view value) {
  if (value.size() > kHeaderTextMax) return;
  if (name == ":status") {
    call.http_status = value.size() == 3 ? std::atoi(std::string(value).c_str()) : 0;
  } else if (name == "grpc-status") {
    call.status = std::atoi(std::string(value).c_str());
  } else if (name == "grpc-message") {
    call.status_message = decode_grpc_message(value);
  } else if (name == "grpc-status-details-bin") {
    call.details = decode_base64(value).value_or("");
  } else if (name == "grpc-encoding") {
    call.encoding = std::string(value);
  }
}

void GrpcClientConnection::abort(std::int32_t id, GrpcStatus status) {
  const auto it = calls_.find(id);
  if (it == calls_.end()) return;
  const std::unique_ptr<Active> call = std::move(it->second);
  calls_.erase(it);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  call->call.done({std::move(status), {}});
}

void GrpcClientConnection::on_data(std::int32_t id, std::string_view bytes) {
  Active* call = find(id);
  if (call == nullptr || call->http_status != 200) return;
  while (!bytes.empty()) {
    if (call->have_message) {
      return abort(id, {GrpcCode::kInternal, "more than one message in a unary answer", {}});
    }
    const auto event = call->reader.feed(bytes);
    if (event == GrpcMessageReader::Event::kMalformed) {
      return abort(id, {GrpcCode::kInternal, "malformed message prefix", {}});
    }
    if (event == GrpcMessageReader::Event::kPrefix) {
      call->compressed = call->reader.compressed();
      if (call->reader.size_bytes() > options_.message_bytes_max) {
        return abort(id, {GrpcCode::kResourceExhausted, "the answer is too large", {}});
      }
    }
    if (event != GrpcMessageReader::Event::kNeedMore && call->reader.complete()) {
      call->have_message = true;
      call->message = call->reader.take();
    }
  }
}

GrpcReply GrpcClientConnection::reply_of(Active& call, std::uint32_t error) const {
  if (!call.status) {
    const bool answered = call.http_status != 0 && call.http_status != 200;
    const GrpcCode code = answered ? code_of_http(call.http_status) : code_of_reset(error);
    std::string text = answered ? "HTTP status " + std::to_string(call.http_status)
                                : "the stream was reset: " + std::to_string(error);
    return {{code, std::move(text), {}}, {}};
  }
  const int number = *call.status >= 0 && *call.status <= 16 ? *call.status : 2;
  GrpcStatus status{static_cast<GrpcCode>(number), call.status_message, call.details};
  if (!status.ok()) return {std::move(status), {}};
  if (!call.have_message) return {{GrpcCode::kInternal, "an answer without a message", {}}, {}};
  if (!call.compressed) return {std::move(status), std::move(call.message)};
  const auto encoding = parse_encoding(call.encoding);
  InflateLimits limits;
  limits.output_bytes_max = options_.message_bytes_max;
  if (!encoding || *encoding == Encoding::kIdentity) {
    return {{GrpcCode::kInternal, "an answer in an unknown encoding", {}}, {}};
  }
  auto message = inflate(*encoding, call.message, limits);
  if (!message) return {{GrpcCode::kInternal, message.error().message, {}}, {}};
  return {std::move(status), std::move(message).value()};
}

void GrpcClientConnection::on_stream_closed(std::int32_t id, std::uint32_t error) {
  const auto it = calls_.find(id);
  if (it == calls_.end()) return;
  const std::unique_ptr<Active> call = std::move(it->second);
  calls_.erase(it);
  call->call.done(reply_of(*call, error));
}

void GrpcClientConnection::on_readable() {
  busy_ = true;
  bool alive = true;
  while (alive) {
    const TransportResult read = receive(IoThread::kScratchBytes);
    if (read.state == TransportState::kWouldBlock) break;
    alive =
        read.state == TransportState::kOk &&
        nghttp2_session_mem_recv(
            session_, reinterpret_cast<const std::uint8_t*>(thread().scratch()), read.bytes) >= 0;
    if (alive && read.bytes < IoThread::kScratchBytes) break;
  }
  busy_ = false;
  if (!alive) return close();
  // Calls that wait take the freed places first, then one write carries all.
  changed();
  flush_session();
  want_read();
}

void GrpcClientConnection::flush_session() {
  if (!open() || busy_) return;
  busy_ = true;
  bool more = true;
  while (more && out_bytes() == 0 && open()) {
    std::string batch;
    while (more && batch.size() < kBatchBytes) {
      const std::uint8_t* bytes = nullptr;
      const ssize_t count = nghttp2_session_mem_send(session_, &bytes);
      more = count > 0;
      if (more) {
        batch.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
      }
    }
    enqueue(std::move(batch));
    flush();
  }
  busy_ = false;
  if (!open()) return;
  const bool over =
      nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
  if (out_bytes() == 0 && (over || (goaway_ && calls_.empty()))) close();
}

void GrpcClientConnection::on_sent() {
  if (out_bytes() == 0) flush_session();
}

void GrpcClientConnection::on_tick(std::int64_t now_ns) {
  if (out_bytes() > 0 && now_ns - send_progress_ns() > kSilenceMaxNs) return close();
  std::vector<std::int32_t> late;
  for (const auto& [id, call] : calls_) {
    if (now_ns >= call->call.deadline_ns) late.push_back(id);
  }
  for (const std::int32_t id : late) {
    abort(id, {GrpcCode::kDeadlineExceeded, "the deadline has passed", {}});
  }
  if (late.empty()) return;
  changed();
  flush_session();
}

void GrpcClientConnection::changed() {
  if (on_change_) on_change_();
}

void GrpcClientConnection::on_closed() {
  auto calls = std::move(calls_);
  calls_.clear();
  for (auto& [id, call] : calls) {
    call->call.done({{GrpcCode::kUnavailable, "the connection was lost", {}}, {}});
  }
  changed();
}

}  // namespace honeyguide::net
