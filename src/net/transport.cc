#include "net/transport.h"

#include <cerrno>

#include <sys/socket.h>
#include <unistd.h>

namespace honeyguide::net {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int descriptor) : descriptor_(descriptor) {}
  ~PlainTransport() override { ::close(descriptor_); }
  PlainTransport(const PlainTransport&) = delete;
  PlainTransport& operator=(const PlainTransport&) = delete;

  TransportResult receive(char* buffer, std::size_t size) override {
    ssize_t count = 0;
    do {
      count = ::recv(descriptor_, buffer, size, 0);
    } while (count < 0 && errno == EINTR);
    if (count == 0) return {TransportState::kClosed, 0};
    return result(count);
  }

  TransportResult send(const iovec* pieces, int count) override {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<std::size_t>(count);
    ssize_t sent = 0;
    do {
      sent = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return result(sent);
  }

  void shutdown_send() override { ::shutdown(descriptor_, SHUT_WR); }
  int descriptor() const override { return descriptor_; }

 private:
  static TransportResult result(ssize_t count) {
    if (count >= 0) return {TransportState::kOk, static_cast<std::size_t>(count)};
    const bool again = errno == EAGAIN || errno == EWOULDBLOCK;
    return {again ? TransportState::kWouldBlock : TransportState::kFailed, 0};
  }

  int descriptor_;
};

}  // namespace

std::unique_ptr<Transport> plain_transport(int descriptor) {
  return std::make_unique<PlainTransport>(descriptor);
}

}  // namespace honeyguide::net
