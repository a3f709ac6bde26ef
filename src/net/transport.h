// The bytes of one connected, non-blocking socket. Connections above it never call the kernel
// themselves, so a TLS transport (an SSL object on the same descriptor) can stand here instead.
#pragma once

#include <cstddef>
#include <memory>

#include <sys/uio.h>

namespace honeyguide::net {

enum class TransportState { kOk, kWouldBlock, kClosed, kFailed };

struct TransportResult {
  TransportState state = TransportState::kOk;
  std::size_t bytes = 0;  // moved, with kOk
};

// Owns the descriptor. Not thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;

  // kClosed: the other side has closed its sending direction.
  virtual TransportResult receive(char* buffer, std::size_t size) = 0;
  virtual TransportResult send(const iovec* pieces, int count) = 0;

  // Ends our sending direction.
  virtual void shutdown_send() = 0;

  virtual int descriptor() const = 0;
};

// Plain TCP. `descriptor` must be non-blocking.
std::unique_ptr<Transport> plain_transport(int descriptor);

}  // namespace honeyguide::net
