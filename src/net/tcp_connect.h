// Outgoing TCP: name to addresses, addresses to a connected socket. Private to net: includes Asio.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/result.h"

namespace honeyguide::net {

struct ConnectOptions {
  std::string host;  // a name or an IP address without brackets
  std::uint16_t port = 0;
  std::chrono::milliseconds timeout{5'000};  // name and all addresses together
  // See HttpClientOptions::address_allowed; may be empty.
  std::function<bool(std::string_view)> address_allowed;
};

using ConnectCallback = std::function<void(base::Result<boost::asio::ip::tcp::socket>)>;

// Tries the addresses in order. Calls `done` once, on a thread of `context`. Errors: kUnavailable,
// kDeadlineExceeded, kPermissionDenied (every address was refused by the filter). Returns a handle
// that cancels the attempt (kCancelled) when called on the context's thread.
std::function<void()> connect_tcp(boost::asio::io_context& context, ConnectOptions options,
                                  ConnectCallback done);

}  // namespace honeyguide::net
