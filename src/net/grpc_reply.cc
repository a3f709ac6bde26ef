// The answering half of GrpcConnection: heads, bodies, trailers, streams, deadlines, the end.
#include <algorithm>
#include <cstring>
#include <utility>

#include "net/grpc_connection.h"

namespace honeyguide::net {
namespace {

constexpr std::size_t kBatchBytes = 64 * 1024;
constexpr std::uint8_t kNoCopy = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;

std::uint8_t* raw(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

// For text that lives as long as the program.
nghttp2_nv constant(std::string_view name, std::string_view value) {
  return {raw(name), raw(value), name.size(), value.size(), kNoCopy};
}

nghttp2_nv copied(std::string_view name, std::string_view value) {
  return {raw(name), raw(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

const nghttp2_nv kStatus = constant(":status", "200");
const nghttp2_nv kContentType = constant("content-type", "application/grpc");
const nghttp2_nv kGzip = constant("grpc-encoding", "gzip");
const nghttp2_nv kAccepted = constant("grpc-accept-encoding", "identity,gzip,zstd");

// grpc-status and what belongs to it.
struct TrailerFields {
  explicit TrailerFields(const GrpcStatus& status)
      : code(std::to_string(static_cast<int>(status.code))),
        message(encode_grpc_message(status.message)),
        details(encode_base64(status.details)) {}

  void append_to(nghttp2_nv* fields, std::size_t* count) const {
    fields[(*count)++] = copied("grpc-status", code);
    if (!message.empty()) fields[(*count)++] = copied("grpc-message", message);
    if (!details.empty()) fields[(*count)++] = copied("grpc-status-details-bin", details);
  }

  std::string code;
  std::string message;
  std::string details;
};

}  // namespace

void GrpcConnection::finish(std::int32_t stream_id, GrpcStatus status, std::string message,
                            bool gzip) {
  Completion done;
  done.stream_id = stream_id;
  done.status = std::move(status);
  done.message = std::move(message);
  done.gzip = gzip;
  if (!thread().is_current()) return post(std::move(done));
  complete(std::move(done));
  if (!processing_) flush_session();
}

void GrpcConnection::begin_stream(std::int32_t stream_id, std::shared_ptr<StreamCore> core,
                                  std::shared_ptr<GrpcStreamEnd> end, bool gzip) {
  Completion begin;
  begin.kind = Completion::Kind::kBegin;
  begin.stream_id = stream_id;
  begin.core = std::move(core);
  begin.end = std::move(end);
  begin.gzip = gzip;
  post(std::move(begin));
}

void GrpcConnection::pump(std::int32_t stream_id) {
  Completion more;
  more.kind = Completion::Kind::kPump;
  more.stream_id = stream_id;
  post(std::move(more));
}

void GrpcConnection::post(Completion completion) {
  auto core = completion.core;
  {
    base::MutexLock lock(mutex_);
    completions_.push_back(std::move(completion));
    if (std::exchange(posted_, true)) return;
  }
  const bool posted =
      thread().post([self = std::static_pointer_cast<GrpcConnection>(shared_from_this())] {
        self->run_completions();
      });
  if (!posted && core) core->set_gone();
}

// One wake-up for all answers that other threads have finished meanwhile, and one write.
void GrpcConnection::run_completions() {
  std::vector<Completion> all;
  {
    base::MutexLock lock(mutex_);
    all.swap(completions_);
    posted_ = false;
  }
  processing_ = true;
  for (Completion& completion : all) complete(std::move(completion));
  processing_ = false;
  flush_session();
}

void GrpcConnection::complete(Completion completion) {
  Call* call = open() ? find(completion.stream_id) : nullptr;
  const bool current = call != nullptr && (call->phase == Phase::kInFlight || call->stream);
  switch (completion.kind) {
    case Completion::Kind::kUnary:
      if (current && !call->stream) {
        answer(*call, std::move(completion.status), std::move(completion.message), completion.gzip);
      }
      return;
    case Completion::Kind::kBegin:
      if (!current || call->stream) return completion.core->set_gone();
      end_flight(*call);
      call->phase = Phase::kAnswered;
      call->stream = std::move(completion.core);
      call->stream_end = std::move(completion.end);
      submit_head(*call, completion.gzip);
      return take_pieces(*call);
    case Completion::Kind::kPump:
      if (current && call->stream && !call->ended) take_pieces(*call);
      return;
  }
}

void GrpcConnection::take_pieces(Call& call) {
  StreamCore::Taken taken = call.stream->take();
  if (taken.overflowed) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call.id, NGHTTP2_ENHANCE_YOUR_CALM);
    return;
  }
  for (std::string& piece : taken.pieces) {
    call.out_bytes += piece.size();
    call.out.push_back(std::move(piece));
  }
  if (taken.ended) {
    call.ended = true;
    base::MutexLock lock(call.stream_end->mutex);
    call.status = call.stream_end->status;
  }
  nghttp2_session_resume_data(session_, call.id);
}

void GrpcConnection::end_flight(Call& call) {
  held_bytes_ -= std::exchange(call.held_bytes, 0);
  give_window();
}

void GrpcConnection::give_window() {
  if (withheld_bytes_ == 0 || held_bytes_ > state_->options.connection_bytes_max) return;
  nghttp2_session_consume_connection(session_, std::exchange(withheld_bytes_, 0));
}

void GrpcConnection::answer(Call& call, GrpcStatus status, std::string message, bool gzip) {
  end_flight(call);
  call.phase = Phase::kAnswered;
  call.request = {};
  call.reader = {};
  if (!status.ok()) {
    const TrailerFields trailers(status);
    nghttp2_nv fields[6] = {kStatus, kContentType, kAccepted};
    std::size_t count = 3;
    trailers.append_to(fields, &count);
    nghttp2_submit_response(session_, call.id, fields, count, nullptr);
    return;
  }
  call.ended = true;
  call.out_bytes = message.size();
  call.out.push_back(std::move(message));
  submit_head(call, gzip);
}

void GrpcConnection::answer_http(Call& call, int status, std::string_view text) {
  call.phase = Phase::kAnswered;
  call.ended = true;
  call.plain_http = true;
  call.out_bytes = text.size();
  call.out.emplace_back(text);
  const std::string code = std::to_string(status);
  const nghttp2_nv fields[] = {copied(":status", code), constant("content-type", "text/plain")};
  const bool head_only = call.method == "HEAD";
  nghttp2_data_provider body{};
  body.source.ptr = this;
  body.read_callback = [](nghttp2_session*, std::int32_t id, std::uint8_t* buffer, std::size_t size,
                          std::uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
    return static_cast<GrpcConnection*>(source->ptr)->read_body(id, buffer, size, flags);
  };
  nghttp2_submit_response(session_, call.id, fields, std::size(fields),
                          head_only ? nullptr : &body);
}

void GrpcConnection::submit_head(Call& call, bool gzip) {
  nghttp2_nv fields[4] = {kStatus, kContentType, kAccepted};
  std::size_t count = 3;
  if (gzip) fields[count++] = kGzip;
  nghttp2_data_provider body{};
  body.source.ptr = this;
  body.read_callback = [](nghttp2_session*, std::int32_t id, std::uint8_t* buffer, std::size_t size,
                          std::uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
    return static_cast<GrpcConnection*>(source->ptr)->read_body(id, buffer, size, flags);
  };
  nghttp2_submit_response(session_, call.id, fields, count, &body);
}

void GrpcConnection::submit_trailers(Call& call) {
  const TrailerFields trailers(call.status);
  nghttp2_nv fields[3];
  std::size_t count = 0;
  trailers.append_to(fields, &count);
  nghttp2_submit_trailer(session_, call.id, fields, count);
}

long GrpcConnection::read_body(std::int32_t id, std::uint8_t* buffer, std::size_t size,
                               std::uint32_t* flags) {
  Call* call = find(id);
  if (call == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  std::size_t written = 0;
  while (written < size && !call->out.empty()) {
    const std::string& front = call->out.front();
    const std::size_t count = std::min(size - written, front.size() - call->out_offset);
    std::memcpy(buffer + written, front.data() + call->out_offset, count);
    written += count;
    call->out_offset += count;
    if (call->out_offset == front.size()) {
      call->out.pop_front();
      call->out_offset = 0;
    }
  }
  call->out_bytes -= written;
  if (call->out.empty() && call->ended) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!call->plain_http) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      submit_trailers(*call);
    }
    return static_cast<long>(written);
  }
  return written == 0 ? static_cast<long>(NGHTTP2_ERR_DEFERRED) : static_cast<long>(written);
}

void GrpcConnection::on_frame_sent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA) {
    sent_since_ping_ = true;
    // Answered before the request was over: tell the client to stop sending.
    const bool end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (end && nghttp2_session_get_stream_remote_close(session_, frame.hd.stream_id) == 0) {
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_NO_ERROR);
    }
  }
}

// Appends frames until the batch is full (true) or there are no more (false).
bool GrpcConnection::next_batch(std::string& batch) {
  processing_ = true;
  bool full = true;
  while (batch.size() < kBatchBytes) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t count = nghttp2_session_mem_send(session_, &bytes);
    full = count > 0;
    if (!full) break;
    batch.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
  }
  processing_ = false;
  return full;
}

void GrpcConnection::flush_session() {
  if (!open() || lingers_since_ns_ != 0) return;
  bool more = true;
  while (more && out_bytes() == 0) {
    std::string batch;
    more = next_batch(batch);
    enqueue(std::move(batch));
    if (!flush()) return;
  }
  state_->sent_bytes_total.fetch_add(take_sent_bytes(), std::memory_order_relaxed);
  report_streams();
  const bool over =
      nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
  if (out_bytes() != 0 || !(over || (goaway_sent_ && calls_.empty()))) return;
  if (!client_left_ || flooded_ || draining_) return close();
  // The client said goodbye. What it still sends is read and dropped: a reset, which a close with
  // unread bytes causes, could destroy the answers on their way to it.
  lingers_since_ns_ = thread().now_ns();
  shutdown_send();
}

void GrpcConnection::report_streams() {
  // Callbacks of writers may end calls: collect first.
  std::vector<std::pair<std::shared_ptr<StreamCore>, std::size_t>> unsent;
  for (const auto& [id, call] : calls_) {
    if (call->stream) unsent.emplace_back(call->stream, call->out_bytes);
  }
  for (const auto& [stream, bytes] : unsent) stream->set_unsent(bytes);
}

void GrpcConnection::on_sent() {
  if (out_bytes() > 0) return;
  flush_session();
  if (!open() || !paused_ || out_bytes() > 0) return;
  paused_ = false;
  want_read();
}

void GrpcConnection::drain() {
  if (draining_) return;
  draining_ = true;
  nghttp2_submit_shutdown_notice(session_);
  flush_session();
}

void GrpcConnection::check_deadlines(std::int64_t now_ns) {
  std::vector<std::int32_t> late;
  for (const auto& [id, call] : calls_) {
    const bool past = call->deadline_ns && now_ns >= *call->deadline_ns;
    const bool slow = call->phase <= Phase::kMessage && now_ns >= call->phase_deadline_ns;
    if (call->phase == Phase::kHeaders && slow) {
      nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    }
    if (past || slow) late.push_back(id);
  }
  for (const std::int32_t id : late) {
    Call* call = find(id);
    if (call == nullptr) continue;
    call->deadline_ns.reset();
    std::stop_source stop = call->stop;
    if (call->stream) {
      std::exchange(call->stream, nullptr)->set_gone();
      call->out.clear();
      call->out_bytes = 0;
      call->out_offset = 0;
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    } else if (call->phase != Phase::kAnswered) {
      answer(*call, {GrpcCode::kDeadlineExceeded, "the deadline has passed", {}}, {}, false);
    }
    stop.request_stop();
  }
}

void GrpcConnection::on_tick(std::int64_t now_ns) {
  if (lingers_since_ns_ != 0) {
    if (draining_ || now_ns - lingers_since_ns_ > kLingerNs) close();
    return;
  }
  const GrpcServerOptions& limits = state_->options;
  const auto after = [&](std::chrono::milliseconds timeout, std::int64_t since) {
    return now_ns - since > std::chrono::nanoseconds(timeout).count();
  };
  if (out_bytes() > 0 && after(limits.write_timeout, send_progress_ns())) return close();
  if (!handshaken_ && after(limits.handshake_timeout, started_ns_)) return close();
  check_deadlines(now_ns);
  if (calls_.empty() && !draining_ && after(limits.idle_timeout, idle_since_ns_)) {
    draining_ = true;
  } else if (draining_ && !goaway_sent_) {
    goaway_sent_ = true;
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                          nullptr, 0);
  }
  flush_session();
}

}  // namespace honeyguide::net
