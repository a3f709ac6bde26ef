#include "net/http_responder.h"

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "net/compression.h"
#include "net/http_connection.h"

namespace honeyguide::net {
namespace {

// Worth the time: text and the encodings of text.
bool is_compressible(std::string_view content_type) {
  const std::string type = base::to_lower(content_type.substr(0, content_type.find(';')));
  if (type.starts_with("text/event-stream")) return false;
  if (type.starts_with("text/")) return true;
  for (const std::string_view part : {"json", "javascript", "xml", "protobuf", "yaml"}) {
    if (type.find(part) != std::string::npos) return true;
  }
  return false;
}

class Stream final : public HttpStream {
 public:
  explicit Stream(std::shared_ptr<StreamCore> core) : core_(std::move(core)) {}
  ~Stream() override { core_->end(false); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  StreamState write(std::string bytes) override {
    // An empty chunk would end the body.
    return bytes.empty() ? core_->state() : core_->write(std::move(bytes));
  }
  StreamState state() const override { return core_->state(); }
  std::size_t buffered_bytes() const override { return core_->buffered_bytes(); }
  StreamState wait_writable(std::chrono::milliseconds timeout) override {
    return core_->wait_writable(timeout);
  }
  void on_writable(std::function<void()> callback) override {
    core_->on_writable(std::move(callback));
  }
  void finish() override { core_->end(true); }

 private:
  const std::shared_ptr<StreamCore> core_;
};

class ConnectionResponder final : public Responder {
 public:
  ConnectionResponder(std::shared_ptr<HttpConnection> connection, std::uint64_t serial,
                      std::stop_source stop, const HttpServerOptions& options, bool gzip_accepted)
      : connection_(std::move(connection)),
        serial_(serial),
        stop_(std::move(stop)),
        gzip_bytes_min_(options.gzip_response_bytes_min),
        stream_mark_(options.stream_buffer_bytes),
        gzip_accepted_(gzip_accepted) {}

  ~ConnectionResponder() override {
    if (!answered_) send(HttpResponse::with_body(500, "text/plain", "no answer was given\n"));
  }
  ConnectionResponder(const ConnectionResponder&) = delete;
  ConnectionResponder& operator=(const ConnectionResponder&) = delete;

  bool send(HttpResponse response) override {
    if (answered_.exchange(true)) return false;
    compress(response);
    if (connection_->thread().is_current()) {
      connection_->answer(serial_, std::move(response));
    } else {
      auto shared = std::make_shared<HttpResponse>(std::move(response));
      connection_->thread().post([connection = connection_, serial = serial_, shared] {
        connection->answer(serial, std::move(*shared));
      });
    }
    return !stop_.stop_requested();
  }

  std::shared_ptr<HttpStream> start_stream(HttpResponse response) override {
    if (answered_.exchange(true)) return nullptr;
    auto connection = connection_;
    auto serial = serial_;
    auto core = std::make_shared<StreamCore>(stream_mark_, [connection, serial] {
      connection->thread().post([connection, serial] { connection->pump_stream(serial); });
    });
    auto shared = std::make_shared<HttpResponse>(std::move(response));
    const bool posted = connection->thread().post([connection, serial, shared, core] {
      connection->begin_stream(serial, std::move(*shared), core);
    });
    if (!posted) core->set_gone();
    return std::make_shared<Stream>(std::move(core));
  }

  std::stop_token stop_token() const override { return stop_.get_token(); }

 private:
  // Here, not on the I/O thread: compressing megabytes takes milliseconds.
  void compress(HttpResponse& response) const {
    if (!gzip_accepted_ || response.body.size() < gzip_bytes_min_) return;
    if (response.headers.contains("content-encoding")) return;
    if (!is_compressible(response.headers.get("content-type"))) return;
    response.body = deflate_gzip(response.body);
    response.headers.add("content-encoding", "gzip");
    if (!response.headers.has_token("vary", "accept-encoding")) {
      response.headers.add("vary", "Accept-Encoding");
    }
  }

  const std::shared_ptr<HttpConnection> connection_;
  const std::uint64_t serial_;
  const std::stop_source stop_;
  const std::size_t gzip_bytes_min_;
  const std::size_t stream_mark_;
  const bool gzip_accepted_;
  std::atomic<bool> answered_{false};
};

}  // namespace

std::shared_ptr<Responder> make_responder(std::shared_ptr<HttpConnection> connection,
                                          std::uint64_t serial, std::stop_source stop,
                                          const HttpServerOptions& options, bool gzip_accepted) {
  return std::make_shared<ConnectionResponder>(std::move(connection), serial, std::move(stop),
                                               options, gzip_accepted);
}

}  // namespace honeyguide::net
