// A blocking loopback client socket for tests that speak raw bytes. Tests only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace honeyguide::net {

// Reads give up after kPatienceSeconds, so that a broken server fails a test instead of hanging it.
class TestSocket {
 public:
  static constexpr int kPatienceSeconds = 20;

  explicit TestSocket(std::uint16_t port, bool v6 = false) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    six.sin6_addr = in6addr_loopback;
    fd_ = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{kPatienceSeconds, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    connected_ = v6 ? ::connect(fd_, reinterpret_cast<sockaddr*>(&six), sizeof(six)) == 0
                    : ::connect(fd_, reinterpret_cast<sockaddr*>(&v4), sizeof(v4)) == 0;
  }
  TestSocket(TestSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        connected_(other.connected_),
        buffered_(std::move(other.buffered_)) {}
  TestSocket& operator=(TestSocket&&) = delete;
  ~TestSocket() { close(); }

  bool connected() const { return connected_; }

  // False if the other side is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // Up to and including `end`; what there is if the connection ends before.
  std::string read_until(std::string_view end) {
    while (buffered_.find(end) == std::string::npos && fill()) {
    }
    const std::size_t at = buffered_.find(end);
    return take(at == std::string::npos ? buffered_.size() : at + end.size());
  }

  std::string read_exactly(std::size_t size) {
    while (buffered_.size() < size && fill()) {
    }
    return take(size);
  }

  // Everything until the other side closes.
  std::string read_all() {
    while (fill()) {
    }
    return take(buffered_.size());
  }

  // A response head and its Content-Length body.
  std::string read_response() {
    std::string text = read_until("\r\n\r\n");
    const std::size_t at = text.find("content-length: ");
    if (at == std::string::npos) return text;
    return text + read_exactly(static_cast<std::size_t>(std::stoul(text.substr(at + 16))));
  }

  void half_close() { ::shutdown(fd_, SHUT_WR); }

  // Closes with a reset instead of a FIN.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  bool fill() {
    char chunk[64 * 1024];
    const ssize_t count = ::recv(fd_, chunk, sizeof(chunk), 0);
    if (count <= 0) return false;
    buffered_.append(chunk, static_cast<std::size_t>(count));
    return true;
  }
  std::string take(std::size_t size) {
    std::string out = buffered_.substr(0, size);
    buffered_.erase(0, out.size());
    return out;
  }

  int fd_ = -1;
  bool connected_ = false;
  std::string buffered_;
};

}  // namespace honeyguide::net
