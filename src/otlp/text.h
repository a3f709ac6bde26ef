// UTF-8 as OTLP text needs it. Private to this module.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace honeyguide::otlp {

// True if no byte has its high bit set. Most telemetry text is short and ASCII, so this decides
// nearly always.
inline bool is_ascii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080u;
  const char* data = text.data();
  const std::size_t size = text.size();
  const auto load = [](const char* from, std::size_t count) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, count);
    return word;
  };
  std::uint64_t seen = 0;
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) seen |= load(data + i, 8);
    seen |= load(data + size - 8, 8);
  } else if (size >= 4) {
    seen = load(data, 4) | load(data + size - 4, 4);
  } else {
    for (const char c : text) seen |= static_cast<std::uint8_t>(c);
  }
  return (seen & kHighBits) == 0;
}

// As base::is_utf8, vectorised for long text.
bool is_utf8_fast(std::string_view text);

// The text with U+FFFD in place of each malformed byte.
std::string repair_utf8(std::string_view text);

// Base64 in the standard or the URL alphabet, padded or not (protobuf's JSON rule); nothing if it
// is neither.
std::optional<std::string> decode_base64(std::string_view text);
void append_base64(std::string& out, std::string_view bytes);

}  // namespace honeyguide::otlp
