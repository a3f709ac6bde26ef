#include "net/tcp_connect.h"

#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace honeyguide::net {
namespace {

using boost::asio::ip::tcp;

class Connect : public std::enable_shared_from_this<Connect> {
 public:
  Connect(boost::asio::io_context& context, ConnectOptions options, ConnectCallback done)
      : options_(std::move(options)),
        done_(std::move(done)),
        resolver_(context),
        socket_(context),
        timer_(context) {}

  void start() {
    timer_.expires_after(options_.timeout);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->fail(base::ErrorCode::kDeadlineExceeded, "timed out");
    });
    boost::system::error_code error;
    const auto literal = boost::asio::ip::make_address(options_.host, error);
    if (!error) {
      endpoints_.emplace_back(literal, options_.port);
      return next();
    }
    resolver_.async_resolve(
        options_.host, std::to_string(options_.port),
        [self = shared_from_this()](boost::system::error_code failed,
                                    const tcp::resolver::results_type& results) {
          if (failed) return self->fail(base::ErrorCode::kUnavailable, failed.message());
          for (const auto& entry : results) self->endpoints_.push_back(entry.endpoint());
          self->next();
        });
  }

  void fail(base::ErrorCode code, const std::string& why) {
    finish(base::Error{code, "cannot connect to " + options_.host + ":" +
                                 std::to_string(options_.port) + ": " + why});
  }

 private:
  void next() {
    while (done_ && index_ < endpoints_.size()) {
      const tcp::endpoint& endpoint = endpoints_[index_++];
      if (options_.address_allowed && !options_.address_allowed(endpoint.address().to_string())) {
        continue;
      }
      tried_ = true;
      if (open(endpoint)) return;
    }
    if (!tried_) {
      return fail(base::ErrorCode::kPermissionDenied, "no address of it is allowed");
    }
    fail(base::ErrorCode::kUnavailable, last_error_);
  }

  // Our own socket(), so that the descriptor is close-on-exec from the start.
  bool open(const tcp::endpoint& endpoint) {
    const int family = endpoint.protocol().family();
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
      last_error_ = "no descriptor left";
      return false;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    boost::system::error_code error;
    socket_.close(error);
    socket_.assign(endpoint.protocol(), fd, error);
    socket_.async_connect(endpoint, [self = shared_from_this()](boost::system::error_code failed) {
      if (!self->done_) return;
      if (!failed) return self->finish(std::move(self->socket_));
      self->last_error_ = failed.message();
      self->next();
    });
    return true;
  }

  void finish(base::Result<tcp::socket> result) {
    if (!done_) return;
    const ConnectCallback done = std::exchange(done_, nullptr);
    timer_.cancel();
    resolver_.cancel();
    boost::system::error_code error;
    if (!result && socket_.is_open()) socket_.close(error);
    done(std::move(result));
  }

  const ConnectOptions options_;
  ConnectCallback done_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::vector<tcp::endpoint> endpoints_;
  std::size_t index_ = 0;
  bool tried_ = false;
  std::string last_error_ = "the name has no address";
};

}  // namespace

std::function<void()> connect_tcp(boost::asio::io_context& context, ConnectOptions options,
                                  ConnectCallback done) {
  auto attempt = std::make_shared<Connect>(context, std::move(options), std::move(done));
  attempt->start();
  return [weak = std::weak_ptr<Connect>(attempt)] {
    if (const auto alive = weak.lock()) {
      alive->fail(base::ErrorCode::kCancelled, "the client is closing");
    }
  };
}

}  // namespace honeyguide::net
