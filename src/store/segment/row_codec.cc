#include "store/segment/row_codec.h"

namespace honeyguide::store::segment {

using telemetry::Value;
using telemetry::ValueType;

bool read_row_value(base::ByteReader& in, Value& out) {
  const auto type = in.fixed<ValueType>();
  switch (type) {
    case ValueType::kEmpty:
      out = Value();
      break;
    case ValueType::kBool:
      out = Value::boolean(in.fixed<std::uint8_t>() != 0);
      break;
    case ValueType::kInt:
      out = Value::integer(in.signed_varint());
      break;
    case ValueType::kDouble:
      out = Value::real(in.fixed<double>());
      break;
    case ValueType::kString:
    case ValueType::kBytes:
    case ValueType::kArray:
    case ValueType::kKvlist:
      out = Value::of_text(type, in.bytes());
      break;
    default:
      return false;
  }
  return in.ok();
}

bool read_row_attributes(base::ByteReader& in, const std::vector<std::string_view>& keys,
                         telemetry::SpanBatch& out, telemetry::Range& range) {
  const std::uint64_t count = in.varint();
  range.begin = static_cast<std::uint32_t>(out.mutable_attributes().size());
  range.end = range.begin;
  if (count > in.remaining()) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t key = in.varint();
    Value value;
    if (key >= keys.size() || !read_row_value(in, value)) return false;
    out.add_attribute(keys[static_cast<std::size_t>(key)], value);
  }
  range.end = static_cast<std::uint32_t>(out.mutable_attributes().size());
  return in.ok();
}

bool read_odd_ends(std::string_view row_bytes, std::string_view end_bytes, std::uint32_t rows,
                   std::vector<std::pair<std::uint32_t, std::int64_t>>& out) {
  base::ByteReader row_in(row_bytes);
  base::ByteReader end_in(end_bytes);
  std::uint64_t row = 0;
  while (row_in.ok() && !row_in.at_end()) {
    row += row_in.varint();
    if (row >= rows) return false;
    out.emplace_back(static_cast<std::uint32_t>(row), end_in.signed_varint());
  }
  return row_in.ok() && end_in.ok() && end_in.at_end();
}

}  // namespace honeyguide::store::segment
