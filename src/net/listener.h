// A bound, listening TCP socket that spreads accepted connections over the pool's threads.
// Private to net: includes Asio.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/result.h"
#include "net/http.h"
#include "net/io_pool.h"
#include "net/io_thread.h"
#include "net/transport.h"

namespace honeyguide::net {

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  // Called on the thread that the connection is to live on.
  using AcceptHandler = std::function<void(std::shared_ptr<IoThread>, std::unique_ptr<Transport>,
                                           std::shared_ptr<const Peer>)>;

  static base::Result<std::shared_ptr<Listener>> create(IoPool& pool, const std::string& host,
                                                        std::uint16_t port, AcceptHandler handler);
  ~Listener();

  // When it returns, the port is free and the handler is not called any more, except for
  // connections already on their way to their thread. Blocks unless on the accepting thread.
  void close();

  const std::string& address() const { return address_; }
  std::uint16_t port() const { return port_; }

 private:
  Listener(const std::vector<std::shared_ptr<IoThread>>& threads, AcceptHandler handler);
  base::Result<void> bind(const std::string& host, std::uint16_t port);
  void wait();
  void accept_all();
  void hand_over(int descriptor, std::shared_ptr<const Peer> peer);

  std::vector<std::shared_ptr<IoThread>> threads_;
  AcceptHandler handler_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer retry_;
  std::string address_;
  std::uint16_t port_ = 0;
};

}  // namespace honeyguide::net
