// Big-endian numbers: keys that sort as their numbers do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace honeyguide::store {

template <typename T>
void put_big_endian(std::string& out, T value) {
  for (int shift = 8 * (static_cast<int>(sizeof(T)) - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

// The number at the front of `bytes`, which holds at least sizeof(T) bytes.
template <typename T>
T big_endian(std::string_view bytes) {
  T out = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out = static_cast<T>(out << 8 | static_cast<std::uint8_t>(bytes[i]));
  }
  return out;
}

}  // namespace honeyguide::store
