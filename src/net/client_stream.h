// A client's connection, plain or TLS, as one Asio stream type. Private to net: includes Asio.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>

namespace honeyguide::net {

// Satisfies AsyncReadStream and AsyncWriteStream for completion handlers (not other tokens).
class ClientStream {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;

  ClientStream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& tls, bool use_tls)
      : stream_(std::move(socket), tls), use_tls_(use_tls) {}

  executor_type get_executor() { return stream_.next_layer().get_executor(); }
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket>& tls() { return stream_; }
  boost::asio::ip::tcp::socket& socket() { return stream_.next_layer(); }
  bool uses_tls() const { return use_tls_; }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (use_tls_) {
      stream_.async_read_some(buffers, std::forward<Handler>(handler));
    } else {
      stream_.next_layer().async_read_some(buffers, std::forward<Handler>(handler));
    }
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (use_tls_) {
      stream_.async_write_some(buffers, std::forward<Handler>(handler));
    } else {
      stream_.next_layer().async_write_some(buffers, std::forward<Handler>(handler));
    }
  }

  void close() {
    boost::system::error_code error;
    stream_.next_layer().close(error);
  }

  // What a response left unread; belongs to the connection.
  boost::beast::flat_buffer buffer;
  std::string key;  // scheme, host and port
  std::int64_t idle_since_ns = 0;

 private:
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_;
  const bool use_tls_;
};

}  // namespace honeyguide::net
