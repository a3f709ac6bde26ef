// Trace and span ids of W3C Trace Context: 16 and 8 bytes, written as lower-case hex. All-zero is
// invalid and stands for "none".
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace honeyguide::base {

template <std::size_t N>
struct HexId {
  std::array<std::uint8_t, N> bytes{};

  bool valid() const { return *this != HexId{}; }

  // 2 * N lower-case hex digits.
  std::string to_hex() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out(2 * N, '0');
    for (std::size_t i = 0; i < N; ++i) {
      out[2 * i] = kDigits[bytes[i] >> 4];
      out[2 * i + 1] = kDigits[bytes[i] & 15];
    }
    return out;
  }

  // Exactly 2 * N hex digits in either case, else nothing.
  static std::optional<HexId> from_hex(std::string_view text) {
    if (text.size() != 2 * N) return std::nullopt;
    HexId id;
    for (std::size_t i = 0; i < 2 * N; ++i) {
      const char c = text[i];
      int digit = 0;
      if (c >= '0' && c <= '9') {
        digit = c - '0';
      } else if (c >= 'a' && c <= 'f') {
        digit = c - 'a' + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = c - 'A' + 10;
      } else {
        return std::nullopt;
      }
      id.bytes[i / 2] = static_cast<std::uint8_t>(id.bytes[i / 2] << 4 | digit);
    }
    return id;
  }

  // Exactly N raw bytes, else nothing.
  static std::optional<HexId> from_bytes(std::string_view raw) {
    if (raw.size() != N) return std::nullopt;
    HexId id;
    std::memcpy(id.bytes.data(), raw.data(), N);
    return id;
  }

  auto operator<=>(const HexId&) const = default;
};

using TraceId = HexId<16>;
using SpanId = HexId<8>;

// Spreads the id's own bytes; not for ids that a hostile sender may choose to collide: use
// base::hash64 with a seed there.
struct HexIdHash {
  template <std::size_t N>
  std::size_t operator()(const HexId<N>& id) const {
    std::uint64_t low = 0;
    std::memcpy(&low, id.bytes.data() + N - 8, 8);
    std::uint64_t high = 0;
    std::memcpy(&high, id.bytes.data(), 8);
    return static_cast<std::size_t>((low ^ (high * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu);
  }
};

}  // namespace honeyguide::base
