#include "net/http_exchange.h"

#include <algorithm>
#include <utility>

#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <sys/socket.h>

#include "base/hash.h"
#include "net/compression.h"
#include "net/tcp_connect.h"

namespace honeyguide::net {
namespace {

namespace http = boost::beast::http;
constexpr std::uint32_t kHeadBytesMax = 64 * 1024;

std::string key_of(const Url& url) {
  return (url.https ? "https " : "http ") + url.host + " " + std::to_string(url.port);
}

std::string wire_of(ClientRequest& request, const Url& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  const std::uint16_t usual = url.https ? 443 : 80;
  std::string host = v6 ? "[" + url.host + "]" : url.host;
  if (url.port != usual) host += ":" + std::to_string(url.port);
  if (request.gzip_body) request.body = deflate_gzip(request.body);
  std::string wire = request.method + " " + url.target + " HTTP/1.1\r\nhost: " + host + "\r\n";
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    wire.append(request.headers.name(i)).append(": ");
    wire.append(request.headers.value(i)).append("\r\n");
  }
  if (request.gzip_body) wire += "content-encoding: gzip\r\n";
  const bool bodiless =
      request.body.empty() && (request.method == "GET" || request.method == "HEAD");
  if (!bodiless) wire += "content-length: " + std::to_string(request.body.size()) + "\r\n";
  wire += "\r\n";
  wire += request.body;
  request.body = {};
  return wire;
}

// True if the other side has neither closed nor sent anything since the last answer.
bool is_quiet(ClientStream& stream) {
  char byte = 0;
  const ssize_t count = ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

std::unique_ptr<ClientStream> HttpClientCore::take_idle(const std::string& key) {
  const std::int64_t limit = std::chrono::nanoseconds(options.idle_timeout).count();
  for (auto it = idle.end(); it != idle.begin();) {
    --it;
    const bool fresh = thread->now_ns() - (*it)->idle_since_ns < limit;
    if (fresh && (*it)->key != key) continue;
    std::unique_ptr<ClientStream> stream = std::move(*it);
    it = idle.erase(it);
    if (fresh && is_quiet(*stream)) return stream;
  }
  return nullptr;
}

void HttpClientCore::keep(std::unique_ptr<ClientStream> stream) {
  if (closed || options.idle_connections_max == 0) return;
  stream->idle_since_ns = thread->now_ns();
  idle.push_back(std::move(stream));
  if (idle.size() > options.idle_connections_max) idle.pop_front();
}

HttpExchange::HttpExchange(std::shared_ptr<HttpClientCore> core, ClientRequest request, Url url,
                           ClientCallback done)
    : core_(std::move(core)),
      request_(std::move(request)),
      url_(std::move(url)),
      key_(key_of(url_)),
      done_(std::move(done)),
      deadline_(core_->thread->context()),
      wait_(core_->thread->context()) {}

void HttpExchange::start() {
  if (core_->closed) return fail(base::ErrorCode::kCancelled, "the client is closed");
  core_->active.insert(shared_from_this());
  deadline_ns_ = core_->thread->now_ns() + std::chrono::nanoseconds(request_.deadline).count();
  deadline_.expires_after(request_.deadline);
  deadline_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->fail(base::ErrorCode::kDeadlineExceeded, "no answer before the deadline");
  });
  wire_ = wire_of(request_, url_);
  attempt();
}

void HttpExchange::attempt() {
  if (!done_) return;
  stream_ = core_->take_idle(key_);
  reused_ = stream_ != nullptr;
  if (reused_) return write();
  use_fresh();
}

void HttpExchange::use_fresh() {
  reused_ = false;
  ConnectOptions where;
  where.host = url_.host;
  where.port = url_.port;
  where.timeout = core_->options.connect_timeout;
  where.address_allowed = core_->options.address_allowed;
  cancel_connect_ = [] {};
  auto cancel = connect_tcp(core_->thread->context(), std::move(where),
                            [self = shared_from_this()](auto socket) { self->connected(socket); });
  if (cancel_connect_) cancel_connect_ = std::move(cancel);
}

void HttpExchange::connected(base::Result<boost::asio::ip::tcp::socket>& socket) {
  cancel_connect_ = nullptr;
  if (!done_) return;
  if (!socket) return broken(socket.error().code, socket.error().message);
  stream_ = std::make_unique<ClientStream>(std::move(socket).value(), core_->tls, url_.https);
  stream_->key = key_;
  if (url_.https) return handshake();
  write();
}

void HttpExchange::handshake() {
  auto& tls = stream_->tls();
  boost::system::error_code not_address;
  boost::asio::ip::make_address(url_.host, not_address);
  // Addresses are no server names.
  if (not_address) SSL_set_tlsext_host_name(tls.native_handle(), url_.host.c_str());
  boost::system::error_code error;
  tls.set_verify_mode(boost::asio::ssl::verify_peer, error);
  tls.set_verify_callback(boost::asio::ssl::host_name_verification(url_.host), error);
  auto timer = std::make_shared<boost::asio::steady_timer>(core_->thread->context());
  timer->expires_after(core_->options.connect_timeout);
  timer->async_wait([weak = weak_from_this(), timer](boost::system::error_code stopped) {
    const auto self = weak.lock();
    if (!stopped && self && self->stream_) self->stream_->close();
  });
  tls.async_handshake(boost::asio::ssl::stream_base::client, [self = shared_from_this(), timer](
                                                                 boost::system::error_code failed) {
    timer->cancel();
    if (!self->done_) return;
    if (!failed) return self->write();
    const bool untrusted = SSL_get_verify_result(self->stream_->tls().native_handle()) != X509_V_OK;
    self->broken(untrusted ? base::ErrorCode::kPermissionDenied : base::ErrorCode::kUnavailable,
                 "TLS with " + self->url_.host + ": " + failed.message());
  });
}

void HttpExchange::write() {
  parser_.emplace();
  parser_->header_limit(kHeadBytesMax);
  parser_->body_limit(request_.response_bytes_max);
  if (request_.method == "HEAD") parser_->skip(true);
  boost::asio::async_write(
      *stream_, boost::asio::buffer(wire_),
      [self = shared_from_this()](boost::system::error_code error, std::size_t) {
        // A server may answer and close before it has read everything: look for the answer anyway.
        if (self->done_) self->read();
        (void)error;
      });
}

void HttpExchange::read() {
  http::async_read(*stream_, stream_->buffer, *parser_,
                   [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                     if (!self->done_) return;
                     if (!error) return self->on_response();
                     if (error == http::error::body_limit || error == http::error::header_limit) {
                       return self->fail(base::ErrorCode::kResourceExhausted,
                                         "the answer is larger than allowed");
                     }
                     const bool silent = !self->parser_->got_some();
                     if (self->reused_ && silent) {
                       // The kept connection was dead: not an attempt.
                       self->stream_.reset();
                       return self->use_fresh();
                     }
                     self->broken(base::ErrorCode::kUnavailable, error.message());
                   });
}

void HttpExchange::on_response() {
  if (parser_->get().result_int() / 100 == 1) {
    // An interim answer; the real one follows.
    parser_.emplace();
    parser_->header_limit(kHeadBytesMax);
    parser_->body_limit(request_.response_bytes_max);
    if (request_.method == "HEAD") parser_->skip(true);
    return read();
  }
  ClientResponse response;
  auto& message = parser_->get();
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    response.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  response.body = std::move(message.body());
  response.attempt_count = attempt_;
  if (parser_->keep_alive() && stream_->buffer.size() == 0) core_->keep(std::move(stream_));
  stream_.reset();
  if (is_retryable_status(request_.retry, response.status)) {
    const auto delay = parse_retry_after(response.headers.get("retry-after"),
                                         core_->clock.now() / base::kNanosPerSecond);
    if (try_later(delay)) return;
  }
  finish(std::move(response));
}

void HttpExchange::broken(base::ErrorCode code, const std::string& why) {
  stream_.reset();
  const bool hopeless =
      code == base::ErrorCode::kPermissionDenied || code == base::ErrorCode::kCancelled;
  if (!hopeless && try_later(std::nullopt)) return;
  fail(code, why);
}

bool HttpExchange::try_later(std::optional<std::chrono::milliseconds> server_delay) {
  if (attempt_ >= request_.retry.attempts_max) return false;
  const auto delay = retry_delay(request_.retry, attempt_ + 1, base::random_seed(), server_delay);
  if (!delay) return false;
  const std::int64_t delay_ns = std::chrono::nanoseconds(*delay).count();
  if (core_->thread->now_ns() + delay_ns >= deadline_ns_) return false;
  ++attempt_;
  wait_.expires_after(*delay);
  wait_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->attempt();
  });
  return true;
}

void HttpExchange::fail(base::ErrorCode code, std::string message) {
  finish(base::Error{code, request_.method + " " + (url_.https ? "https://" : "http://") +
                               url_.host + ": " + std::move(message)});
}

void HttpExchange::finish(base::Result<ClientResponse> result) {
  if (!done_) return;
  const auto self = shared_from_this();
  const ClientCallback done = std::exchange(done_, nullptr);
  deadline_.cancel();
  wait_.cancel();
  if (cancel_connect_) std::exchange(cancel_connect_, nullptr)();
  // The stream object stays until its handlers have run.
  if (stream_) stream_->close();
  core_->active.erase(self);
  core_->in_flight.fetch_sub(1, std::memory_order_relaxed);
  done(std::move(result));
}

}  // namespace honeyguide::net
