#include "telemetry/value.h"

#include <bit>
#include <limits>

#include "base/bytes.h"
#include "base/check.h"
#include "base/strings.h"

namespace honeyguide::telemetry {
namespace {

// Nested values deeper than this are cut to "..." in text; the decoder refuses them at its own
// limit.
constexpr int kTextDepthMax = 64;

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t group = static_cast<std::uint8_t>(bytes[i]) << 16;
    if (left > 1) group |= static_cast<std::uint8_t>(bytes[i + 1]) << 8;
    if (left > 2) group |= static_cast<std::uint8_t>(bytes[i + 2]);
    out.push_back(kAlphabet[group >> 18]);
    out.push_back(kAlphabet[group >> 12 & 63]);
    out.push_back(left > 1 ? kAlphabet[group >> 6 & 63] : '=');
    out.push_back(left > 2 ? kAlphabet[group & 63] : '=');
  }
}

// Walks the protobuf fields of a message: calls visit(field number, wire type, varint, bytes).
// Stops at malformed bytes.
template <typename Visit>
void each_field(std::string_view message, Visit visit) {
  base::ByteReader in(message);
  while (in.ok() && !in.at_end()) {
    const std::uint64_t tag = in.varint();
    const auto wire = static_cast<int>(tag & 7);
    std::uint64_t number = 0;
    std::string_view bytes;
    if (wire == 0) {
      number = in.varint();
    } else if (wire == 1) {
      number = in.fixed<std::uint64_t>();
    } else if (wire == 2) {
      bytes = in.bytes();
    } else if (wire == 5) {
      number = in.fixed<std::uint32_t>();
    } else {
      return;
    }
    if (in.ok()) visit(static_cast<std::uint32_t>(tag >> 3), number, bytes);
  }
}

void append_any_value(std::string& out, std::string_view message, int depth);

void append_list(std::string& out, std::string_view message, int depth) {
  out.push_back('[');
  bool first = true;
  each_field(message, [&](std::uint32_t field, std::uint64_t, std::string_view bytes) {
    if (field != 1) return;
    if (!first) out.push_back(',');
    first = false;
    append_any_value(out, bytes, depth);
  });
  out.push_back(']');
}

void append_kvlist(std::string& out, std::string_view message, int depth) {
  out.push_back('{');
  bool first = true;
  each_field(message, [&](std::uint32_t field, std::uint64_t, std::string_view pair) {
    if (field != 1) return;
    std::string_view key;
    std::string_view value;
    each_field(pair, [&](std::uint32_t part, std::uint64_t, std::string_view bytes) {
      if (part == 1) key = bytes;
      if (part == 2) value = bytes;
    });
    if (!first) out.push_back(',');
    first = false;
    base::append_json_quoted(out, key);
    out.push_back(':');
    append_any_value(out, value, depth);
  });
  out.push_back('}');
}

void append_any_value(std::string& out, std::string_view message, int depth) {
  if (depth >= kTextDepthMax) {
    out += "\"...\"";
    return;
  }
  Value value;
  each_field(message, [&](std::uint32_t field, std::uint64_t number, std::string_view bytes) {
    if (field == 1) value = Value::string(bytes);
    if (field == 2) value = Value::boolean(number != 0);
    if (field == 3) value = Value::integer(static_cast<std::int64_t>(number));
    if (field == 4) value = Value::real(std::bit_cast<double>(number));
    if (field == 5) value = Value::of_text(ValueType::kArray, bytes);
    if (field == 6) value = Value::of_text(ValueType::kKvlist, bytes);
    if (field == 7) value = Value::of_text(ValueType::kBytes, bytes);
  });
  if (value.type() == ValueType::kArray) {
    append_list(out, value.text(), depth + 1);
  } else if (value.type() == ValueType::kKvlist) {
    append_kvlist(out, value.text(), depth + 1);
  } else {
    append_text(out, value, true);
  }
}

}  // namespace

Value Value::real(double value) {
  Value out(ValueType::kDouble, 0);
  out.real_ = value;
  return out;
}

Value Value::of_text(ValueType type, std::string_view text) {
  HG_CHECK(type >= ValueType::kString);
  HG_CHECK(text.size() <= std::numeric_limits<std::uint32_t>::max());
  Value out(type, 0);
  out.data_ = text.data();
  out.size_ = static_cast<std::uint32_t>(text.size());
  return out;
}

bool Value::as_bool() const {
  HG_CHECK(type_ == ValueType::kBool);
  return number_ != 0;
}

std::int64_t Value::as_int() const {
  HG_CHECK(type_ == ValueType::kInt);
  return number_;
}

double Value::as_double() const {
  HG_CHECK(type_ == ValueType::kDouble);
  return real_;
}

std::string_view Value::text() const {
  HG_CHECK(has_text());
  return {data_, size_};
}

bool Value::operator==(const Value& other) const {
  if (type_ != other.type_) return false;
  return has_text() ? text() == other.text() : number_ == other.number_;
}

std::string canonical_text(const Value& value) {
  std::string out;
  append_text(out, value, false);
  return out;
}

void append_text(std::string& out, const Value& value, bool json) {
  switch (value.type()) {
    case ValueType::kEmpty:
      if (json) out += "null";
      break;
    case ValueType::kBool:
      out += value.as_bool() ? "true" : "false";
      break;
    case ValueType::kInt:
      out += std::to_string(value.as_int());
      break;
    case ValueType::kDouble: {
      const std::string text = base::format_double(value.as_double());
      const bool number = text != "NaN" && text != "Inf" && text != "-Inf";
      if (json && !number) {
        base::append_json_quoted(out, text);
      } else {
        out += text;
      }
      break;
    }
    case ValueType::kString:
      if (json) {
        base::append_json_quoted(out, value.text());
      } else {
        out += value.text();
      }
      break;
    case ValueType::kBytes:
      if (json) out.push_back('"');
      append_base64(out, value.text());
      if (json) out.push_back('"');
      break;
    case ValueType::kArray:
      append_list(out, value.text(), 0);
      break;
    case ValueType::kKvlist:
      append_kvlist(out, value.text(), 0);
      break;
  }
}

}  // namespace honeyguide::telemetry
