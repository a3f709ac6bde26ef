// The text and framing of gRPC over HTTP/2, without any I/O: length prefix, timeouts, messages,
// base64. Pure functions and one incremental reader; hostile input is expected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/byte_budget.h"
#include "net/compression.h"

namespace honeyguide::net {

inline constexpr std::size_t kGrpcPrefixBytes = 5;

// The value of grpc-timeout ("100m", "5S") in nanoseconds, clamped to ten years; nothing if
// malformed (more than 8 digits, unknown unit).
std::optional<std::int64_t> parse_grpc_timeout(std::string_view text);
// The largest unit that loses nothing of `ns`, rounded up to what 8 digits hold. `ns` >= 0.
std::string format_grpc_timeout(std::int64_t ns);

// grpc-message: all but printable ASCII (and '%') percent-encoded; decoding keeps malformed
// escapes.
std::string encode_grpc_message(std::string_view message);
std::string decode_grpc_message(std::string_view text);

// Standard alphabet, no padding; decoding takes both. Nothing if malformed.
std::string encode_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);

// Flag byte, big-endian length, message.
std::string frame_grpc_message(std::string_view message, bool compressed = false);

// Collects one length-prefixed message from a byte stream into a contiguous string. Call feed()
// until it says kPrefix (once) and kMessage.
class GrpcMessageReader {
 public:
  enum class Event { kNeedMore, kPrefix, kMessage, kMalformed };

  // Consumes a prefix of `bytes` (removes it). kPrefix: size_bytes() and compressed() are known and
  // nothing of the message has been consumed. kMalformed: the flag byte is neither 0 nor 1.
  Event feed(std::string_view& bytes);

  // Bytes announced by the length prefix.
  std::size_t size_bytes() const { return size_; }
  bool compressed() const { return compressed_; }
  // True once all bytes of the message are there.
  bool complete() const { return have_prefix_ && message_.size() == size_; }
  // True before the first byte of a prefix.
  bool empty() const { return prefix_count_ == 0; }
  // The message; the reader starts over.
  std::string take();

 private:
  // First allocation: an announced length alone buys no more memory than this.
  static constexpr std::size_t kFirstBytes = 1024 * 1024;

  unsigned char prefix_[kGrpcPrefixBytes] = {};
  std::size_t prefix_count_ = 0;
  bool have_prefix_ = false;
  bool compressed_ = false;
  std::size_t size_ = 0;
  std::string message_;
};

}  // namespace honeyguide::net
