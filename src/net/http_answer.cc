// The sending half of HttpConnection: answers, streams, errors, the end of the connection.
#include <cstdio>
#include <utility>

#include "net/http_connection.h"
#include "net/http_text.h"

namespace honeyguide::net {
namespace {

constexpr std::chrono::milliseconds kLingerTimeout{2000};

// Fields that the connection writes itself, and names or values that would break the head apart.
bool is_own_field(std::string_view name) {
  return name == "content-length" || name == "transfer-encoding" || name == "connection" ||
         name == "date";
}

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value) out.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
  out.append("\r\n");
}

std::string start_head(const HttpResponse& response, std::int64_t unix_seconds) {
  std::string head;
  head.reserve(256 + response.headers.size_bytes());
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  head.append(reason_phrase(response.status)).append("\r\n");
  append_field(head, "date", format_http_date(unix_seconds));
  for (std::size_t i = 0; i < response.headers.size(); ++i) {
    const std::string_view name = response.headers.name(i);
    if (!is_own_field(name)) append_field(head, name, response.headers.value(i));
  }
  return head;
}

std::string chunk_size_line(std::size_t size) {
  char text[32];
  const int count = std::snprintf(text, sizeof(text), "%zx\r\n", size);
  return std::string(text, static_cast<std::size_t>(count));
}

}  // namespace

void HttpConnection::write_response(HttpResponse response, bool close_after) {
  std::string head = start_head(response, state_->clock->now() / base::kNanosPerSecond);
  if (has_body(response.status)) {
    append_field(head, "content-length", std::to_string(response.body.size()));
  } else {
    response.body.clear();
  }
  if (close_after) {
    append_field(head, "connection", "close");
  } else if (http10_) {
    append_field(head, "connection", "keep-alive");
  }
  head.append("\r\n");
  enqueue(std::move(head));
  if (!head_request_) enqueue(std::move(response.body));
}

HttpResponse HttpConnection::error_response(int status, std::string_view text) {
  HttpResponse response =
      HttpResponse::with_body(status, "text/plain; charset=utf-8", std::string(text) + "\n");
  if (status == 503) response.headers.add("retry-after", "1");
  const bool known = !request_.method.empty();
  if (state_->options.error_formatter) {
    state_->options.error_formatter(known ? &request_ : nullptr, response);
    response.status = status;
  }
  return response;
}

void HttpConnection::fail(int status, std::string_view text) {
  state_->requests_malformed_total.fetch_add(1, std::memory_order_relaxed);
  write_response(error_response(status, text), true);
  phase_ = Phase::kLinger;
  linger_when_sent_ = true;
  parser_.reset();
  request_ = {};
}

void HttpConnection::refuse(HttpResponse response, std::uint64_t unread_bytes, bool can_discard) {
  const bool expecting = std::exchange(expect_continue_, false);
  const bool keep = can_discard && keep_alive_ && !state_->draining &&
                    unread_bytes <= state_->options.discard_bytes_max &&
                    !(expecting && unread_bytes > 0);
  state_->requests_refused_total.fetch_add(1, std::memory_order_relaxed);
  write_response(std::move(response), !keep);
  if (!keep) {
    phase_ = Phase::kLinger;
    linger_when_sent_ = true;
    parser_.reset();
    request_ = {};
    return;
  }
  next_request();
  if (unread_bytes == 0) return;
  phase_ = Phase::kDiscard;
  remaining_ = unread_bytes;
  set_deadline(state_->options.body_timeout);
}

void HttpConnection::answer(std::uint64_t serial, HttpResponse response) {
  if (!open() || serial != serial_ || phase_ != Phase::kInFlight || stream_) return;
  if (state_->draining) close_after_ = true;
  write_response(std::move(response), close_after_ || (peer_ended_ && pending_.empty()));
  finish_answer();
}

void HttpConnection::finish_answer() {
  stop_.reset();
  stream_.reset();
  if (close_after_) {
    close_when_sent_ = true;
    phase_ = Phase::kLinger;
  } else {
    next_request();
  }
  if (processing_) return;
  if (pending_.empty()) {
    flush_out();
  } else {
    process_pending();
  }
  if (open()) settle();
}

void HttpConnection::begin_stream(std::uint64_t serial, HttpResponse response,
                                  std::shared_ptr<StreamCore> core) {
  if (!open() || serial != serial_ || phase_ != Phase::kInFlight || stream_) {
    return core->set_gone();
  }
  stream_chunked_ = !http10_;
  if (!stream_chunked_ || state_->draining) close_after_ = true;
  std::string head = start_head(response, state_->clock->now() / base::kNanosPerSecond);
  if (stream_chunked_) append_field(head, "transfer-encoding", "chunked");
  if (close_after_) append_field(head, "connection", "close");
  head.append("\r\n");
  enqueue(std::move(head));
  stream_ = std::move(core);
  if (!response.body.empty() && !head_request_) {
    if (stream_chunked_) enqueue(chunk_size_line(response.body.size()));
    enqueue(std::move(response.body));
    if (stream_chunked_) enqueue("\r\n");
  }
  pump_stream(serial);
}

void HttpConnection::pump_stream(std::uint64_t serial) {
  if (!open() || serial != serial_ || !stream_) return;
  StreamCore::Taken taken = stream_->take();
  if (taken.overflowed) return close();
  if (!head_request_) {
    for (std::string& piece : taken.pieces) {
      if (stream_chunked_) enqueue(chunk_size_line(piece.size()));
      enqueue(std::move(piece));
      if (stream_chunked_) enqueue("\r\n");
    }
  }
  if (!taken.ended) {
    stream_->set_unsent(out_bytes());
    const auto stream = stream_;
    flush_out();
    if (open()) stream->set_unsent(out_bytes());
    return;
  }
  if (!taken.proper) {
    // Without the last chunk the client knows that the body is not whole.
    flush_out();
    return close();
  }
  if (stream_chunked_ && !head_request_) enqueue("0\r\n\r\n");
  std::exchange(stream_, nullptr)->set_unsent(0);
  finish_answer();
}

void HttpConnection::on_sent() {
  if (stream_) stream_->set_unsent(out_bytes());
  flush_out();
  if (!open() || phase_ != Phase::kHead) return;
  if (!pending_.empty()) process_pending();
  if (open()) settle();
}

void HttpConnection::flush_out() {
  if (!flush()) return;
  state_->sent_bytes_total.fetch_add(take_sent_bytes(), std::memory_order_relaxed);
  if (out_bytes() > 0) return;
  if (linger_when_sent_) {
    linger_when_sent_ = false;
    shutdown_send();
    set_deadline(kLingerTimeout);
  } else if (close_when_sent_) {
    close();
  }
}

}  // namespace honeyguide::net
