// One request of an HttpClient, from the first attempt to the answer. Private to net: includes
// Asio and Beast.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/mutex.h"
#include "net/client_stream.h"
#include "net/http_client.h"
#include "net/http_text.h"
#include "net/io_thread.h"

namespace honeyguide::net {

class HttpExchange;

// What the exchanges of one client share; all but the counter is touched on the thread alone.
struct HttpClientCore {
  HttpClientCore(std::shared_ptr<IoThread> on, const base::Clock& time)
      : thread(std::move(on)), clock(time), tls(boost::asio::ssl::context::tls_client) {}

  std::unique_ptr<ClientStream> take_idle(const std::string& key);
  void keep(std::unique_ptr<ClientStream> stream);

  const std::shared_ptr<IoThread> thread;
  const base::Clock& clock;
  HttpClientOptions options;
  boost::asio::ssl::context tls;
  std::deque<std::unique_ptr<ClientStream>> idle;  // oldest first
  std::unordered_set<std::shared_ptr<HttpExchange>> active;
  bool closed = false;
  std::atomic<std::size_t> in_flight{0};
};

class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
 public:
  HttpExchange(std::shared_ptr<HttpClientCore> core, ClientRequest request, Url url,
               ClientCallback done);

  void start();
  // Ends it with an error, once.
  void fail(base::ErrorCode code, std::string message);

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  void attempt();
  void use_fresh();
  void connected(base::Result<boost::asio::ip::tcp::socket>& socket);
  void handshake();
  void write();
  void read();
  void on_response();
  // A connection-level failure of this attempt.
  void broken(base::ErrorCode code, const std::string& why);
  // Waits and tries again; false if the policy or the deadline says no.
  bool try_later(std::optional<std::chrono::milliseconds> server_delay);
  void finish(base::Result<ClientResponse> result);

  const std::shared_ptr<HttpClientCore> core_;
  ClientRequest request_;
  const Url url_;
  const std::string key_;
  ClientCallback done_;
  std::int64_t deadline_ns_ = 0;
  std::string wire_;  // head and body
  int attempt_ = 1;
  bool reused_ = false;  // the connection had served before
  std::unique_ptr<ClientStream> stream_;
  std::optional<Parser> parser_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer wait_;
  std::function<void()> cancel_connect_;
};

}  // namespace honeyguide::net
