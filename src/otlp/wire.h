// WireReader: walks the fields of one protobuf message in place. Private to this module.
//
//   WireReader in(message, state);
//   while (in.next()) {
//     switch (in.tag()) {
//       case wire_tag(1, kWireBytes): name = in.bytes(); break;
//       default: in.skip();
//     }
//   }
//   if (state.failed()) ...
//
// A field of an unexpected wire type lands in `default` and is skipped like an unknown one, as
// protobuf demands. Each field's payload must be taken, by the reader of its wire type or skip().
// On malformed bytes the shared WireState is set, the walk ends, and every reader gives zeros.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace honeyguide::otlp {

enum WireType : std::uint32_t {
  kWireVarint = 0,
  kWireFixed64 = 1,
  kWireBytes = 2,
  kWireGroup = 3,
  kWireGroupEnd = 4,
  kWireFixed32 = 5,
};

constexpr std::uint32_t wire_tag(std::uint32_t field, WireType type) {
  return field << 3 | type;
}

// Groups within groups that are skipped; deeper ones are malformed.
inline constexpr int kWireGroupDepthMax = 64;

// A sint32 from its varint.
constexpr std::int32_t zigzag32(std::uint64_t varint) {
  const auto bits = static_cast<std::uint32_t>(varint);
  return static_cast<std::int32_t>((bits >> 1) ^ (0u - (bits & 1)));
}

// Shared by all readers of one body.
struct WireState {
  const char* at = nullptr;    // where it broke
  const char* what = nullptr;  // a literal; nullptr: nothing broke
  // Set when a varint took more bytes than it needs; who asks clears it before.
  bool padded_varint = false;

  bool failed() const { return what != nullptr; }
};

class WireReader {
 public:
  WireReader(std::string_view message, WireState& state)
      : at_(message.data()), end_(message.data() + message.size()), state_(state) {}

  // Reads the next field's tag; false at the end and when something broke.
  bool next() {
    if (at_ == end_) return false;
    const auto byte = static_cast<std::uint8_t>(*at_);
    if (byte < 0x80) {
      tag_ = byte;
      ++at_;
    } else {
      tag_ = static_cast<std::uint32_t>(long_varint(5));
    }
    if (tag_ < 8) fail("field number 0");
    return at_ != nullptr;
  }
  std::uint32_t tag() const { return tag_; }
  // For packed fields, which have no tags: nothing is left, or something broke.
  bool at_end() const { return at_ == end_; }

  std::uint64_t varint() {
    if (at_ < end_ && static_cast<std::uint8_t>(*at_) < 0x80) {
      return static_cast<std::uint8_t>(*at_++);
    }
    return long_varint(10);
  }
  std::uint64_t fixed64() { return fixed<std::uint64_t>(); }
  std::uint32_t fixed32() { return fixed<std::uint32_t>(); }
  double real() { return fixed<double>(); }

  std::string_view bytes() {
    const std::uint64_t size = at_ < end_ && static_cast<std::uint8_t>(*at_) < 0x80
                                   ? static_cast<std::uint8_t>(*at_++)
                                   : long_varint(5);
    if (size > static_cast<std::uint64_t>(end_ - at_)) {
      fail("length runs past the end");
      return {};
    }
    const std::string_view out(at_, static_cast<std::size_t>(size));
    at_ += size;
    return out;
  }

  void skip() {
    switch (tag_ & 7) {
      case kWireVarint:
        varint();
        break;
      case kWireFixed64:
        fixed64();
        break;
      case kWireBytes:
        bytes();
        break;
      case kWireFixed32:
        fixed32();
        break;
      case kWireGroup:
        skip_group();
        break;
      default:
        fail("wire type that does not exist");
    }
  }

 private:
  template <typename T>
  T fixed() {
    T value{};
    if (static_cast<std::size_t>(end_ - at_) < sizeof(T)) {
      fail("number runs past the end");
      return value;
    }
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  std::uint64_t long_varint(int bytes_max) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes_max && at_ < end_; ++i) {
      const auto byte = static_cast<std::uint8_t>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        if (byte == 0 && i > 0) state_.padded_varint = true;
        return value;
      }
    }
    fail("varint does not end");
    return 0;
  }

  void skip_group() {
    std::uint32_t open[kWireGroupDepthMax];
    int depth = 0;
    open[depth++] = tag_ >> 3;
    while (depth > 0) {
      if (!next()) {
        fail("group does not end");
        return;
      }
      if ((tag_ & 7) == kWireGroup) {
        if (depth == kWireGroupDepthMax) return fail("groups nested too deep");
        open[depth++] = tag_ >> 3;
      } else if ((tag_ & 7) == kWireGroupEnd) {
        if (open[--depth] != tag_ >> 3) return fail("group ends that did not begin");
      } else {
        skip();
      }
    }
  }

  void fail(const char* what) {
    if (!state_.failed()) {
      state_.at = at_;
      state_.what = what;
    }
    at_ = end_ = nullptr;
  }

  const char* at_;
  const char* end_;
  std::uint32_t tag_ = 0;
  WireState& state_;
};

}  // namespace honeyguide::otlp
