// One HTTP/1.1 connection of a server: a state machine on its I/O thread. Private to net: includes
// Beast.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "net/http_server_state.h"
#include "net/socket_connection.h"
#include "net/stream_core.h"

namespace honeyguide::net {

class HttpConnection final : public SocketConnection {
 public:
  HttpConnection(std::shared_ptr<IoThread> thread, std::unique_ptr<Transport> transport,
                 std::shared_ptr<HttpServerState> state, std::shared_ptr<const Peer> peer);

  // On the I/O thread, once after construction.
  void start();
  // Closes if idle; otherwise the answer in flight will carry Connection: close.
  void drain();

  void on_tick(std::int64_t now_ns) override;

  // The responder's calls, on the I/O thread. `serial` tells the request; stale calls are ignored.
  void answer(std::uint64_t serial, HttpResponse response);
  void begin_stream(std::uint64_t serial, HttpResponse response, std::shared_ptr<StreamCore> core);
  void pump_stream(std::uint64_t serial);

 protected:
  void on_readable() override;
  void on_sent() override;
  void on_closed() override;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  enum class Phase {
    kHead,      // waiting for a request, or in the middle of its head
    kBody,      // Content-Length body
    kChunked,   // chunked body
    kDiscard,   // body of a refused request, thrown away
    kInFlight,  // with the handler, or streaming
    kLinger,    // our side is closed; what arrives is thrown away
  };

  // Consumes a prefix of `bytes`; returns its size.
  std::size_t process(std::string_view bytes);
  // One step: bytes consumed; nothing when it needs more or has to wait.
  std::optional<std::size_t> step(std::string_view bytes);
  std::optional<std::size_t> step_head(std::string_view bytes);
  std::optional<std::size_t> step_body(std::string_view bytes);
  std::optional<std::size_t> step_chunked(std::string_view bytes);
  void process_pending();
  // Bytes the next read may take; 0 if the read-ahead is full.
  std::size_t read_room() const;

  void on_head();
  // False if the request was answered with an error.
  bool check_head(const Parser::value_type& message);
  void admit(std::optional<std::uint64_t> content_length);
  void dispatch();
  bool decode_body();
  void next_request();
  void set_deadline(std::chrono::milliseconds timeout);

  // Answers by the server itself, before or instead of the handler.
  void refuse(HttpResponse response, std::uint64_t unread_bytes, bool can_discard);
  void fail(int status, std::string_view text);
  HttpResponse error_response(int status, std::string_view text);

  void write_response(HttpResponse response, bool close_after);
  // After the answer to the request in flight: on to the next one, or to the end.
  void finish_answer();
  // Sends what is queued and acts on what was to happen afterwards.
  void flush_out();
  // After reading or answering: reads on, or ends with the client.
  void settle();

  std::shared_ptr<HttpServerState> state_;
  std::shared_ptr<const Peer> peer_;
  Phase phase_ = Phase::kHead;
  bool head_started_ = false;  // bytes of a head have arrived
  bool processing_ = false;    // inside process(): answers must not recurse into it
  bool peer_ended_ = false;    // the client closed its sending side
  bool close_after_ = false;   // no request follows the one in flight
  bool close_when_sent_ = false;
  bool linger_when_sent_ = false;
  bool keep_alive_ = true;
  bool expect_continue_ = false;
  bool http10_ = false;
  std::int64_t deadline_ns_ = 0;  // 0: none
  std::string pending_;           // read and not yet consumed
  std::uint64_t remaining_ = 0;   // of a Content-Length body, or to discard
  std::size_t reserved_ = 0;      // of a chunked body
  std::optional<Parser> parser_;
  HttpRequest request_;

  // The request in flight.
  std::uint64_t serial_ = 0;
  std::optional<std::stop_source> stop_;
  std::shared_ptr<StreamCore> stream_;
  bool stream_chunked_ = false;
  bool head_request_ = false;
  bool gzip_accepted_ = false;
};

}  // namespace honeyguide::net
