// A running HttpServer with handlers that echo or hand requests to the test. Tests only.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/http_server.h"
#include "net/test_socket.h"

namespace honeyguide::net {

// Hands values from the server's thread to the test's.
template <typename T>
class Mailbox {
 public:
  void put(T value) {
    std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  T take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !values_.empty(); });
    T value = std::move(values_.front());
    values_.erase(values_.begin());
    return value;
  }
  std::size_t size() {
    std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

struct Taken {
  HttpRequest request;
  std::shared_ptr<Responder> responder;
};

class HttpServerTest : public testing::Test {
 protected:
  void start(HttpServerOptions options, HttpHandler handler) {
    pool_ = IoPool::create(2, clock_).value();
    auto server = HttpServer::create(*pool_, std::move(options), std::move(handler));
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(server).value();
  }
  // Answers "METHOD path body" at once.
  void start_echo(HttpServerOptions options = {}) {
    start(std::move(options), [](HttpRequest request, std::shared_ptr<Responder> responder) {
      responder->send(HttpResponse::with_body(
          200, "text/plain",
          request.method + " " + std::string(request.path()) + " " + request.body));
    });
  }
  // Leaves every request in taken_.
  void start_taking(HttpServerOptions options = {}) {
    start(std::move(options), [this](HttpRequest request, std::shared_ptr<Responder> responder) {
      taken_.put({std::move(request), std::move(responder)});
    });
  }
  TestSocket connect() { return TestSocket(server_->port()); }
  static std::string post(std::string_view path, std::string_view body,
                          std::string_view fields = "") {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(fields) + "\r\n" + std::string(body);
  }

  base::SystemClock clock_;
  Mailbox<Taken> taken_;
  std::unique_ptr<IoPool> pool_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace honeyguide::net
