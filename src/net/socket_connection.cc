#include "net/socket_connection.h"

#include <algorithm>
#include <utility>

namespace honeyguide::net {
namespace {

// Queued strings below this are appended to their predecessor while that stays below it too.
constexpr std::size_t kJoinBytes = 16 * 1024;
constexpr int kPiecesMax = 32;

}  // namespace

SocketConnection::SocketConnection(std::shared_ptr<IoThread> thread,
                                   std::unique_ptr<Transport> transport)
    : thread_(std::move(thread)), transport_(std::move(transport)), waiter_(thread_->context()) {
  boost::system::error_code error;
  waiter_.assign(transport_->descriptor(), error);
  thread_->connection_count.fetch_add(1, std::memory_order_relaxed);
}

SocketConnection::~SocketConnection() {
  // The transport owns the descriptor; take it out of the waiter before that closes it.
  if (waiter_.is_open()) waiter_.release();
  if (open_) thread_->connection_count.fetch_sub(1, std::memory_order_relaxed);
}

void SocketConnection::register_self() {
  thread_->add(shared_from_this());
}

void SocketConnection::close() {
  if (!open_) return;
  open_ = false;
  const auto self = shared_from_this();
  if (waiter_.is_open()) waiter_.release();
  transport_.reset();
  out_.clear();
  out_bytes_ = 0;
  thread_->connection_count.fetch_sub(1, std::memory_order_relaxed);
  on_closed();
  thread_->remove(this);
}

void SocketConnection::want_read() {
  if (reading_ || !open_) return;
  reading_ = true;
  waiter_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       self->reading_ = false;
                       if (!error && self->open_) self->on_readable();
                     });
}

void SocketConnection::want_write() {
  if (writing_ || !open_) return;
  writing_ = true;
  waiter_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](boost::system::error_code error) {
                       self->writing_ = false;
                       if (!error && self->open_ && self->flush() && self->open_) self->on_sent();
                     });
}

TransportResult SocketConnection::receive(std::size_t bytes_max) {
  return transport_->receive(thread_->scratch(), std::min(bytes_max, IoThread::kScratchBytes));
}

void SocketConnection::enqueue(std::string bytes) {
  if (bytes.empty() || !open_) return;
  if (out_bytes_ == 0) send_progress_ns_ = thread_->now_ns();
  out_bytes_ += bytes.size();
  if (!out_.empty() && out_.back().size() + bytes.size() <= kJoinBytes) {
    out_.back().append(bytes);
  } else {
    out_.push_back(std::move(bytes));
  }
}

TransportState SocketConnection::send_some() {
  iovec pieces[kPiecesMax];
  int count = 0;
  std::size_t offset = out_offset_;
  for (auto it = out_.begin(); it != out_.end() && count < kPiecesMax; ++it, ++count) {
    pieces[count] = {it->data() + offset, it->size() - offset};
    offset = 0;
  }
  const TransportResult sent = transport_->send(pieces, count);
  if (sent.state != TransportState::kOk) return sent.state;
  out_bytes_ -= sent.bytes;
  sent_bytes_ += sent.bytes;
  std::size_t left = sent.bytes + out_offset_;
  while (!out_.empty() && left >= out_.front().size()) {
    left -= out_.front().size();
    out_.pop_front();
  }
  out_offset_ = left;
  return TransportState::kOk;
}

bool SocketConnection::flush() {
  if (!open_) return false;
  if (writing_) return true;
  bool progress = false;
  while (out_bytes_ > 0) {
    const TransportState state = send_some();
    if (state == TransportState::kOk) {
      progress = true;
      continue;
    }
    if (state != TransportState::kWouldBlock) {
      close();
      return false;
    }
    if (progress) send_progress_ns_ = thread_->now_ns();
    want_write();
    return true;
  }
  return true;
}

}  // namespace honeyguide::net
