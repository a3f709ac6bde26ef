// What every connection has: a transport, readiness, a queue of bytes to send. Lives on one
// IoThread; all methods are called there. Private to net: includes Asio.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "net/io_thread.h"
#include "net/transport.h"

namespace honeyguide::net {

class SocketConnection : public Ticked, public std::enable_shared_from_this<SocketConnection> {
 public:
  SocketConnection(std::shared_ptr<IoThread> thread, std::unique_ptr<Transport> transport);
  ~SocketConnection() override;

  void on_thread_end() override { close(); }

  // Closes the socket at once; on_closed() follows, once.
  void close();
  bool open() const { return open_; }
  IoThread& thread() { return *thread_; }

 protected:
  // Bytes may be read (or the end of them): read with receive().
  virtual void on_readable() = 0;
  // Queued bytes went out: all of them if out_bytes() is 0.
  virtual void on_sent() = 0;
  virtual void on_closed() = 0;

  // Registers with the thread. Call once after construction.
  void register_self();

  // Asks for one on_readable(); does nothing while one is pending.
  void want_read();

  // Into the thread's scratch buffer.
  TransportResult receive(std::size_t bytes_max);

  // Queues bytes; small ones are joined. Nothing is sent before flush().
  void enqueue(std::string bytes);
  // Sends what it can, waits for writability with the rest. False if the connection closed.
  bool flush();
  std::size_t out_bytes() const { return out_bytes_; }
  void shutdown_send() { transport_->shutdown_send(); }

  // When bytes are queued: the time of the last progress.
  std::int64_t send_progress_ns() const { return send_progress_ns_; }

  std::uint64_t take_sent_bytes() { return std::exchange(sent_bytes_, 0); }

 private:
  void want_write();
  // Sends once; kOk means call again.
  TransportState send_some();

  std::shared_ptr<IoThread> thread_;
  std::unique_ptr<Transport> transport_;
  boost::asio::posix::stream_descriptor waiter_;
  bool open_ = true;
  bool reading_ = false;
  bool writing_ = false;
  std::deque<std::string> out_;
  std::size_t out_offset_ = 0;  // sent bytes of out_.front()
  std::size_t out_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
  std::int64_t send_progress_ns_ = 0;
};

}  // namespace honeyguide::net
