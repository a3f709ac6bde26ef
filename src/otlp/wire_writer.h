// Writing protobuf fields into a string. Private to this module. Every put_ leaves out the default
// value, as proto3 does; append_ writes it in any case (members of a oneof, list elements).
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "otlp/wire.h"

namespace honeyguide::otlp {

inline void append_wire_bytes(std::string& out, std::uint32_t number, std::string_view content) {
  base::put_varint(out, wire_tag(number, kWireBytes));
  base::put_bytes(out, content);
}
inline void append_wire_varint(std::string& out, std::uint32_t number, std::uint64_t value) {
  base::put_varint(out, wire_tag(number, kWireVarint));
  base::put_varint(out, value);
}
template <typename T>
void append_wire_fixed(std::string& out, std::uint32_t number, T value) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  base::put_varint(out, wire_tag(number, sizeof(T) == 8 ? kWireFixed64 : kWireFixed32));
  base::put_fixed(out, value);
}

inline void put_wire_bytes(std::string& out, std::uint32_t number, std::string_view content) {
  if (!content.empty()) append_wire_bytes(out, number, content);
}
inline void put_wire_varint(std::string& out, std::uint32_t number, std::uint64_t value) {
  if (value != 0) append_wire_varint(out, number, value);
}
template <typename T>
void put_wire_fixed(std::string& out, std::uint32_t number, T value) {
  if (value != T{}) append_wire_fixed(out, number, value);
}
// A double; -0 is not the default.
inline void put_wire_double(std::string& out, std::uint32_t number, double value) {
  if (std::bit_cast<std::uint64_t>(value) != 0) append_wire_fixed(out, number, value);
}

constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// A length-delimited field that is open for as long as this lives; the size, known only then, is
// put in front at the end.
class OpenField {
 public:
  OpenField(std::string& out, std::uint32_t number) : out_(out) {
    base::put_varint(out, wire_tag(number, kWireBytes));
    begin_ = out.size();
    out.push_back('\0');
  }
  ~OpenField() {
    std::size_t size = out_.size() - begin_ - 1;
    const std::size_t more = varint_size(size) - 1;
    if (more > 0) out_.insert(begin_, more, '\0');
    for (std::size_t i = 0; i <= more; ++i) {
      out_[begin_ + i] = static_cast<char>(i < more ? size | 0x80 : size);
      size >>= 7;
    }
  }
  OpenField(const OpenField&) = delete;
  OpenField& operator=(const OpenField&) = delete;

 private:
  std::string& out_;
  std::size_t begin_ = 0;
};

}  // namespace honeyguide::otlp
