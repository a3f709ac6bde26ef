// Value and Attribute: OTLP's AnyValue and KeyValue as plain 16 and 24 bytes that borrow their text
// from the batch that holds them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace honeyguide::telemetry {

enum class ValueType : std::uint8_t {
  kEmpty = 0,  // a key with an unset value
  kBool = 1,
  kInt = 2,
  kDouble = 3,
  kString = 4,
  kBytes = 5,
  kArray = 6,   // text() is the protobuf encoding of opentelemetry.proto.common.v1.ArrayValue
  kKvlist = 7,  // text() is the protobuf encoding of opentelemetry.proto.common.v1.KeyValueList
};

class Value {
 public:
  Value() = default;
  static Value boolean(bool value) { return Value(ValueType::kBool, value ? 1 : 0); }
  static Value integer(std::int64_t value) { return Value(ValueType::kInt, value); }
  static Value real(double value);
  // kString, kBytes, kArray or kKvlist. `text` is borrowed and shorter than 4 GiB.
  static Value of_text(ValueType type, std::string_view text);
  static Value string(std::string_view text) { return of_text(ValueType::kString, text); }

  ValueType type() const { return type_; }
  bool has_text() const { return type_ >= ValueType::kString; }

  // Each only for its own type (HG_CHECK).
  bool as_bool() const;
  std::int64_t as_int() const;
  double as_double() const;
  std::string_view text() const;

  // Equal type and equal content; doubles by bits, so NaN equals itself.
  bool operator==(const Value& other) const;

 private:
  Value(ValueType type, std::int64_t number) : number_(number), type_(type) {}

  union {
    std::int64_t number_ = 0;
    double real_;
    const char* data_;
  };
  std::uint32_t size_ = 0;
  ValueType type_ = ValueType::kEmpty;
};
static_assert(sizeof(Value) == 16);

// The value as one comparable text, the same for equal values of different senders: "true", "42",
// "0.5", the string itself, base64 of bytes, compact JSON of arrays and kvlists (keys in their
// given order, bytes as base64). This is what attribute search compares and what filters hash.
std::string canonical_text(const Value& value);
// Appends it; `json` quotes strings and bytes as JSON does.
void append_text(std::string& out, const Value& value, bool json);

struct Attribute {
  Value value;
  std::uint32_t key = 0;  // index into the batch's keys()
};
static_assert(sizeof(Attribute) == 24);

// Half-open interval [begin, end) of indices into one of the batch's vectors.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  std::uint32_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
};

}  // namespace honeyguide::telemetry
