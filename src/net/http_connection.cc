#include "net/http_connection.h"

#include <algorithm>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/strings.h"
#include "net/compression.h"
#include "net/http_responder.h"
#include "net/http_text.h"

namespace honeyguide::net {
namespace {

namespace http = boost::beast::http;

// Answers queued to a pipelining client before its next request is looked at.
constexpr std::size_t kQueuedAnswerBytes = 64 * 1024;
// First allocation for a body; a Content-Length alone buys no more memory than this.
constexpr std::uint64_t kBodyFirstBytes = 1024 * 1024;
constexpr std::size_t kReservationStepBytes = 64 * 1024;
constexpr int kReadsPerWake = 8;

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<IoThread> thread,
                               std::unique_ptr<Transport> transport,
                               std::shared_ptr<HttpServerState> state,
                               std::shared_ptr<const Peer> peer)
    : SocketConnection(std::move(thread), std::move(transport)),
      state_(std::move(state)),
      peer_(std::move(peer)) {}

void HttpConnection::start() {
  register_self();
  set_deadline(state_->options.idle_timeout);
  want_read();
}

void HttpConnection::drain() {
  const bool idle = phase_ == Phase::kHead && !head_started_ && pending_.empty();
  if (!idle) return;
  close_when_sent_ = true;
  phase_ = Phase::kLinger;
  flush_out();
}

void HttpConnection::set_deadline(std::chrono::milliseconds timeout) {
  deadline_ns_ = thread().now_ns() + std::chrono::nanoseconds(timeout).count();
}

void HttpConnection::on_tick(std::int64_t now_ns) {
  const auto write_timeout_ns = std::chrono::nanoseconds(state_->options.write_timeout).count();
  if (out_bytes() > 0 && now_ns - send_progress_ns() > write_timeout_ns) return close();
  if (deadline_ns_ == 0 || now_ns < deadline_ns_ || phase_ == Phase::kInFlight) return;
  const bool in_request = (phase_ == Phase::kHead && head_started_) || phase_ == Phase::kBody ||
                          phase_ == Phase::kChunked;
  if (!in_request) return close();
  fail(408, "the request took too long to arrive");
  flush_out();
}

void HttpConnection::on_closed() {
  if (stop_) {
    auto stop = std::move(*stop_);
    stop_.reset();
    stop.request_stop();
  }
  if (stream_) std::exchange(stream_, nullptr)->set_gone();
  pending_ = {};
  request_ = {};
  state_->sent_bytes_total += take_sent_bytes();
  base::MutexLock lock(state_->mutex);
  state_->connections.erase(this);
  state_->changed.notify_all();
}

std::size_t HttpConnection::read_room() const {
  const bool blocked =
      phase_ == Phase::kInFlight || (phase_ == Phase::kHead && out_bytes() > kQueuedAnswerBytes);
  if (!blocked) return IoThread::kScratchBytes;
  const std::size_t limit = state_->options.pipeline_bytes_max;
  return pending_.size() >= limit ? 0 : limit - pending_.size();
}

void HttpConnection::on_readable() {
  for (int i = 0; i < kReadsPerWake && open(); ++i) {
    const std::size_t room = read_room();
    if (room == 0) return;
    const TransportResult read = receive(room);
    if (read.state == TransportState::kWouldBlock) break;
    if (read.state == TransportState::kFailed) return close();
    if (read.state == TransportState::kClosed) {
      peer_ended_ = true;
      break;
    }
    state_->received_bytes_total.fetch_add(read.bytes, std::memory_order_relaxed);
    const std::string_view bytes(thread().scratch(), read.bytes);
    if (pending_.empty()) {
      const std::size_t used = process(bytes);
      if (open()) pending_.append(bytes.substr(used));
    } else {
      pending_.append(bytes);
      process_pending();
    }
    if (read.bytes < room) break;
  }
  if (open()) settle();
}

void HttpConnection::process_pending() {
  const std::size_t used = process(pending_);
  if (!open()) return;
  if (used == pending_.size()) {
    pending_.clear();
    if (pending_.capacity() > kQueuedAnswerBytes) pending_.shrink_to_fit();
  } else {
    pending_.erase(0, used);
  }
}

std::size_t HttpConnection::process(std::string_view bytes) {
  processing_ = true;
  std::size_t used = 0;
  while (open()) {
    const std::optional<std::size_t> count = step(bytes.substr(used));
    if (count) {
      used += *count;
      continue;
    }
    // Stopped by queued answers alone: go on if they can leave now.
    if (phase_ != Phase::kHead || out_bytes() <= kQueuedAnswerBytes) break;
    flush_out();
    if (!open() || out_bytes() > kQueuedAnswerBytes) break;
  }
  processing_ = false;
  if (open()) flush_out();
  return used;
}

void HttpConnection::settle() {
  if (!peer_ended_) {
    if (read_room() > 0) want_read();
    return;
  }
  const bool waits_to_send = phase_ == Phase::kHead && !pending_.empty() && out_bytes() > 0;
  if (waits_to_send) return;
  if (phase_ == Phase::kInFlight) {
    if (stop_) stop_->request_stop();
    return;
  }
  close_when_sent_ = true;
  linger_when_sent_ = false;
  flush_out();
}

std::optional<std::size_t> HttpConnection::step(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  if (phase_ == Phase::kLinger) return bytes.size();
  if (close_when_sent_) return std::nullopt;
  switch (phase_) {
    case Phase::kHead:
      return step_head(bytes);
    case Phase::kBody:
      return step_body(bytes);
    case Phase::kChunked:
      return step_chunked(bytes);
    case Phase::kDiscard: {
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
      remaining_ -= count;
      if (remaining_ == 0) next_request();
      return count;
    }
    case Phase::kLinger:
    case Phase::kInFlight:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::size_t> HttpConnection::step_head(std::string_view bytes) {
  if (out_bytes() > kQueuedAnswerBytes) return std::nullopt;
  if (!head_started_) {
    // Empty lines before a request line are allowed and mean nothing.
    const std::size_t skip = bytes.substr(0, 2) == "\r\n" ? 2 : 0;
    if (skip > 0) return skip;
    if (bytes == "\r") return std::nullopt;
    head_started_ = true;
    set_deadline(state_->options.header_timeout);
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(state_->options.header_bytes_max));
    parser_->body_limit(boost::none);
  }
  boost::system::error_code error;
  const std::size_t used =
      parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == http::error::need_more) return used > 0 ? std::optional(used) : std::nullopt;
  if (error == http::error::header_limit) {
    fail(431, "the request head is too large");
    return std::nullopt;
  }
  if (error == http::error::bad_version) {
    fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    return std::nullopt;
  }
  if (error) {
    fail(400, "malformed request: " + error.message());
    return std::nullopt;
  }
  on_head();
  return used;
}

std::optional<std::size_t> HttpConnection::step_body(std::string_view bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
  request_.body.append(bytes.substr(0, count));
  remaining_ -= count;
  if (remaining_ == 0) dispatch();
  return count;
}

std::optional<std::size_t> HttpConnection::step_chunked(std::string_view bytes) {
  boost::system::error_code error;
  const std::size_t used =
      parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != http::error::need_more) {
    fail(400, "malformed chunked body: " + error.message());
    return std::nullopt;
  }
  const std::size_t size = parser_->get().body().size();
  if (size > state_->options.body_bytes_max) {
    refuse(error_response(413, "the body is too large"), 0, false);
    return std::nullopt;
  }
  if (size > reserved_) {
    const std::size_t more = size - reserved_ + kReservationStepBytes;
    if (!request_.reservation.grow(more)) {
      refuse(error_response(503, "too many bytes in flight"), 0, false);
      return std::nullopt;
    }
    reserved_ += more;
  }
  if (parser_->is_done()) {
    request_.body = std::move(parser_->get().body());
    dispatch();
    return used;
  }
  if (used > 0) return used;
  if (bytes.size() > state_->options.header_bytes_max) fail(400, "chunk header too large");
  return std::nullopt;
}

bool HttpConnection::check_head(const Parser::value_type& message) {
  const auto hosts = message.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && !http10_)) {
    fail(400, "exactly one Host field is needed");
    return false;
  }
  if (message.count(http::field::transfer_encoding) > 0) {
    const auto coding = message[http::field::transfer_encoding];
    const bool plain =
        base::equals_ignore_case(std::string_view(coding.data(), coding.size()), "chunked");
    if (!plain || http10_ || message.count(http::field::transfer_encoding) > 1) {
      fail(http10_ ? 400 : 501,
           "the only transfer coding known here is chunked, once, in HTTP/1.1");
      return false;
    }
  }
  const std::string_view target = request_.target;
  if (target.empty() || (target[0] != '/' && target != "*")) {
    fail(400, "the request target must be a path");
    return false;
  }
  if (request_.headers.contains("expect") && !expect_continue_) {
    fail(417, "the only expectation met here is 100-continue");
    return false;
  }
  return true;
}

void HttpConnection::on_head() {
  state_->requests_total.fetch_add(1, std::memory_order_relaxed);
  const auto& message = parser_->get();
  http10_ = message.version() < 11;
  keep_alive_ = parser_->keep_alive();
  const auto method = message.method_string();
  const auto target = message.target();
  request_ = {};
  reserved_ = 0;
  request_.peer = peer_;
  request_.method.assign(method.data(), method.size());
  request_.target.assign(target.data(), target.size());
  if (const auto url =
          request_.target.starts_with("http") ? parse_url(request_.target) : std::nullopt) {
    request_.target = url->target;
  }
  request_.headers.reserve(16, 512);
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    request_.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  head_request_ = request_.method == "HEAD";
  expect_continue_ = !http10_ && request_.headers.has_token("expect", "100-continue");
  gzip_accepted_ = accepts_encoding(request_.headers.get("accept-encoding"), "gzip");
  if (!check_head(message)) return;
  if (parser_->chunked()) return admit(std::nullopt);
  const auto length = parser_->content_length();
  admit(length ? static_cast<std::uint64_t>(*length) : 0);
}

void HttpConnection::admit(std::optional<std::uint64_t> content_length) {
  if (content_length && *content_length > state_->options.body_bytes_max) {
    return refuse(error_response(413, "the body is too large"), *content_length, true);
  }
  if (state_->options.admission) {
    Admission admission = state_->options.admission(request_, content_length);
    if (admission.refusal) {
      return refuse(std::move(*admission.refusal), content_length.value_or(0),
                    content_length.has_value());
    }
    request_.reservation = std::move(admission.reservation);
  }
  if (content_length == std::uint64_t{0}) return dispatch();
  if (expect_continue_) enqueue("HTTP/1.1 100 Continue\r\n\r\n");
  set_deadline(state_->options.body_timeout);
  if (!content_length) {
    phase_ = Phase::kChunked;
    parser_->eager(true);
    return;
  }
  phase_ = Phase::kBody;
  remaining_ = *content_length;
  request_.body.reserve(static_cast<std::size_t>(std::min(*content_length, kBodyFirstBytes)));
}

bool HttpConnection::decode_body() {
  request_.wire_body_bytes = request_.body.size();
  const std::string_view name = request_.headers.get("content-encoding");
  if (!state_->options.decode_content_encoding || name.empty()) return true;
  const auto encoding = parse_encoding(name);
  if (!encoding) {
    fail(415, "unknown content encoding; gzip, zstd and identity are understood");
    return false;
  }
  if (*encoding == Encoding::kIdentity) return true;
  InflateLimits limits;
  limits.output_bytes_max = state_->options.body_bytes_max;
  limits.ratio_max = state_->options.inflate_ratio_max;
  auto body = inflate(*encoding, request_.body, limits, &request_.reservation);
  if (body) {
    request_.body = std::move(body).value();
    return true;
  }
  const bool overload = body.error().code == base::ErrorCode::kUnavailable;
  const bool too_large = body.error().code == base::ErrorCode::kResourceExhausted;
  // The body is read in full: the connection stays usable.
  HttpResponse response =
      error_response(overload ? 503 : (too_large ? 413 : 400), body.error().message);
  refuse(std::move(response), 0, true);
  return false;
}

void HttpConnection::dispatch() {
  deadline_ns_ = 0;
  parser_.reset();
  expect_continue_ = false;
  if (!decode_body()) return;
  phase_ = Phase::kInFlight;
  close_after_ = !keep_alive_;
  stop_.emplace();
  auto responder = make_responder(std::static_pointer_cast<HttpConnection>(shared_from_this()),
                                  ++serial_, *stop_, state_->options, gzip_accepted_);
  state_->handler(std::exchange(request_, {}), std::move(responder));
}

void HttpConnection::next_request() {
  phase_ = Phase::kHead;
  head_started_ = false;
  expect_continue_ = false;
  parser_.reset();
  request_ = {};
  set_deadline(state_->options.idle_timeout);
}

}  // namespace honeyguide::net
