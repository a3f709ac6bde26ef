#include "net/listener.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace honeyguide::net {
namespace {

constexpr int kBacklog = 512;
constexpr int kAcceptsPerWake = 64;

base::Error bind_error(const std::string& where, int number) {
  base::ErrorCode code = base::ErrorCode::kUnavailable;
  if (number == EADDRINUSE) code = base::ErrorCode::kAlreadyExists;
  if (number == EACCES) code = base::ErrorCode::kPermissionDenied;
  return {code, "cannot listen on " + where + ": " + std::strerror(number)};
}

std::string text_of(const sockaddr_storage& address, std::uint16_t* port, bool* loopback) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    *port = ntohs(v4.sin_port);
    *loopback = (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
    return std::string(text) + ":" + std::to_string(*port);
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
  *port = ntohs(v6.sin6_port);
  *loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
              (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == 127);
  return "[" + std::string(text) + "]:" + std::to_string(*port);
}

// Fills `out` from an IP address or "localhost"; 0 if it is neither.
socklen_t parse_address(const std::string& host, std::uint16_t port, sockaddr_storage* out) {
  auto& v4 = reinterpret_cast<sockaddr_in&>(*out);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(*out);
  const std::string& ip = host == "localhost" ? "127.0.0.1" : host;
  if (inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return sizeof(v4);
  }
  if (inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return sizeof(v6);
  }
  return 0;
}

}  // namespace

Listener::Listener(const std::vector<std::shared_ptr<IoThread>>& threads, AcceptHandler handler)
    : threads_(threads),
      handler_(std::move(handler)),
      socket_(threads_[0]->context()),
      retry_(threads_[0]->context()) {}

Listener::~Listener() = default;

base::Result<std::shared_ptr<Listener>> Listener::create(IoPool& pool, const std::string& host,
                                                         std::uint16_t port,
                                                         AcceptHandler handler) {
  std::shared_ptr<Listener> listener(new Listener(pool.threads(), std::move(handler)));
  HG_RETURN_IF_ERROR(listener->bind(host, port));
  listener->threads_[0]->post([listener] { listener->wait(); });
  return listener;
}

base::Result<void> Listener::bind(const std::string& host, std::uint16_t port) {
  sockaddr_storage address{};
  socklen_t size = parse_address(host, port, &address);
  const std::string where = host + ":" + std::to_string(port);
  if (size == 0) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "'" + host + "' is no IP address to listen on"};
  }
  const int fd = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return bind_error(where, errno);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, plain, size) != 0 || ::listen(fd, kBacklog) != 0) {
    const int number = errno;
    ::close(fd);
    return bind_error(where, number);
  }
  ::getsockname(fd, plain, &size);
  bool loopback = false;
  address_ = text_of(address, &port_, &loopback);
  boost::system::error_code error;
  socket_.assign(fd, error);
  return {};
}

void Listener::close() {
  threads_[0]->run_and_wait([self = shared_from_this()] {
    boost::system::error_code error;
    if (self->socket_.is_open()) self->socket_.close(error);
    self->retry_.cancel();
    self->handler_ = nullptr;
  });
}

void Listener::wait() {
  if (!socket_.is_open()) return;
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (!error && self->socket_.is_open()) self->accept_all();
                     });
}

void Listener::accept_all() {
  for (int i = 0; i < kAcceptsPerWake; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    const int fd = ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size,
                             SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      // Out of descriptors or memory: the backlog keeps the callers, look again soon.
      retry_.expires_after(std::chrono::milliseconds(100));
      retry_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        if (!error) self->wait();
      });
      return;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    auto peer = std::make_shared<Peer>();
    std::uint16_t port = 0;
    peer->address = text_of(address, &port, &peer->loopback);
    hand_over(fd, std::move(peer));
  }
  wait();
}

void Listener::hand_over(int descriptor, std::shared_ptr<const Peer> peer) {
  std::shared_ptr<IoThread> target = threads_[0];
  for (const auto& thread : threads_) {
    if (thread->connection_count.load() < target->connection_count.load()) target = thread;
  }
  // The new connection counts itself only once it lives there; count it on its way too, so that a
  // burst does not land on one thread.
  target->connection_count.fetch_add(1);
  auto transport = std::make_shared<std::unique_ptr<Transport>>(plain_transport(descriptor));
  auto work = [target, transport, peer, handler = handler_] {
    handler(target, std::move(*transport), peer);
    target->connection_count.fetch_sub(1);
  };
  if (target->is_current()) return work();
  if (!target->post(work)) target->connection_count.fetch_sub(1);
}

}  // namespace honeyguide::net
