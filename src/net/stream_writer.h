// The sending side of a streaming response: SSE and chunked bodies over HTTP/1.1, message streams
// over gRPC.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace honeyguide::net {

enum class StreamState {
  kOpen,  // below the buffer mark: go on
  kFull,  // accepted, but at or above the mark: wait before sending more, or drop
  kGone,  // the client went away or the stream was closed: stop
};

// Thread-safe.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;

  // Queues one piece (a chunk, a gRPC message). What is queued above the hard limit (twice the
  // mark, and at least one piece) closes the connection: a writer that ignores kFull cannot fill
  // the memory.
  virtual StreamState write(std::string bytes) = 0;

  virtual StreamState state() const = 0;

  // Bytes accepted and not yet handed to the kernel.
  virtual std::size_t buffered_bytes() const = 0;

  // Blocks until the state is not kFull or `timeout` passed; returns the state then. Never call it
  // on an I/O thread.
  virtual StreamState wait_writable(std::chrono::milliseconds timeout) = 0;

  // Calls `callback` once, on an I/O thread, when the state next leaves kFull (at once if it is not
  // kFull). Replaces an earlier callback.
  virtual void on_writable(std::function<void()> callback) = 0;
};

}  // namespace honeyguide::net
