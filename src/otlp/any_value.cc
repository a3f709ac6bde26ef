#include "otlp/any_value.h"

#include <bit>

#include "base/bytes.h"

namespace honeyguide::otlp {
namespace {

using telemetry::Value;
using telemetry::ValueType;

constexpr std::uint32_t kListValues = wire_tag(1, kWireBytes);
constexpr std::uint32_t kPairKey = wire_tag(1, kWireBytes);
constexpr std::uint32_t kPairValue = wire_tag(2, kWireBytes);

// Reads one oneof member that holds no message; false if the field is another.
bool read_scalar(WireReader& in, Value& value) {
  switch (in.tag()) {
    case kAnyString:
      value = Value::string(in.bytes());
      return true;
    case kAnyBool:
      value = Value::boolean(in.varint() != 0);
      return true;
    case kAnyInt:
      value = Value::integer(static_cast<std::int64_t>(in.varint()));
      return true;
    case kAnyDouble:
      value = Value::real(in.real());
      return true;
    case kAnyBytes:
      value = Value::of_text(ValueType::kBytes, in.bytes());
      return true;
    default:
      return false;
  }
}

// Walks nested values once: everything is well-formed, within the limits, and canonical or not.
class Checker {
 public:
  Checker(Filler& filler, WireState& state) : filler_(filler), state_(state) {}

  bool canonical() const { return canonical_ && !state_.padded_varint; }

  void check(ValueType type, std::string_view message, std::uint32_t depth) {
    if (depth > filler_.limits().value_depth_max) {
      filler_.reject("a value is nested deeper than ", filler_.limits().value_depth_max);
      return;
    }
    WireReader in(message, state_);
    while (in.next()) {
      if (in.tag() != kListValues) {
        canonical_ = false;
        in.skip();
      } else if (type == ValueType::kArray) {
        any_value(in.bytes(), depth);
      } else {
        pair(in.bytes(), depth);
      }
    }
  }

 private:
  void pair(std::string_view message, std::uint32_t depth) {
    WireReader in(message, state_);
    int keys = 0;
    int values = 0;
    while (in.next()) {
      if (in.tag() == kPairKey) {
        const std::string_view key = in.bytes();
        if (key.size() > filler_.limits().key_bytes_max) {
          filler_.reject("a key within a value has ", key.size(), " bytes, at most ",
                         filler_.limits().key_bytes_max);
        }
        if (++keys > 1 || values > 0 || key.empty() || (!is_ascii(key) && !is_utf8_fast(key))) {
          canonical_ = false;
        }
      } else if (in.tag() == kPairValue) {
        any_value(in.bytes(), depth);
        if (++values > 1) canonical_ = false;
      } else {
        canonical_ = false;
        in.skip();
      }
    }
    if (values == 0) canonical_ = false;
  }

  void any_value(std::string_view message, std::uint32_t depth) {
    WireReader in(message, state_);
    int members = 0;
    Value scalar;
    while (in.next()) {
      if (++members > 1) canonical_ = false;
      if (in.tag() == kAnyArray) {
        check(ValueType::kArray, in.bytes(), depth + 1);
      } else if (in.tag() == kAnyKvlist) {
        check(ValueType::kKvlist, in.bytes(), depth + 1);
      } else if (in.tag() == kAnyBool) {
        if (in.varint() > 1) canonical_ = false;
      } else if (!read_scalar(in, scalar)) {
        canonical_ = false;
        in.skip();
      } else if (scalar.type() == ValueType::kString && !is_ascii(scalar.text()) &&
                 !is_utf8_fast(scalar.text())) {
        canonical_ = false;
      }
    }
  }

  Filler& filler_;
  WireState& state_;
  bool canonical_ = true;
};

// Writes checked nested values canonically.
class Rewriter {
 public:
  Rewriter(Filler& filler, WireState& state) : filler_(filler), state_(state) {}

  void list(std::string& out, ValueType type, std::string_view message) {
    WireReader in(message, state_);
    while (in.next()) {
      if (in.tag() != kListValues) {
        in.skip();
        continue;
      }
      const OpenField element(out, 1);
      if (type == ValueType::kArray) {
        any_value(out, read(in.bytes(), {}));
      } else {
        pair(out, in.bytes());
      }
    }
  }

 private:
  void pair(std::string& out, std::string_view message) {
    WireReader in(message, state_);
    std::string_view key;
    Value value;
    while (in.next()) {
      if (in.tag() == kPairKey) {
        key = filler_.text(in.bytes());
      } else if (in.tag() == kPairValue) {
        value = read(in.bytes(), value);
      } else {
        in.skip();
      }
    }
    if (!key.empty()) append_wire_bytes(out, 1, key);
    const OpenField field(out, 2);
    any_value(out, value);
  }

  void any_value(std::string& out, const Value& value) {
    if (value.type() == ValueType::kArray || value.type() == ValueType::kKvlist) {
      const OpenField field(out, value.type() == ValueType::kArray ? 5 : 6);
      list(out, value.type(), value.text());
    } else {
      append_any_value(out, value);
    }
  }

  Value read(std::string_view message, Value value) {
    WireReader in(message, state_);
    while (in.next()) {
      if (in.tag() == kAnyArray || in.tag() == kAnyKvlist) {
        const auto type = in.tag() == kAnyArray ? ValueType::kArray : ValueType::kKvlist;
        std::string_view list = in.bytes();
        if (value.type() == type) {
          list = filler_.batch().own(std::string(value.text()).append(list));
        }
        value = Value::of_text(type, list);
      } else if (!read_scalar(in, value)) {
        in.skip();
      } else if (value.type() == ValueType::kString) {
        value = Filler::string_value(value.text());
      }
    }
    return value;
  }

  Filler& filler_;
  WireState& state_;
};

}  // namespace

void merge_any_value(std::string_view message, Value& value, bool& canonical, Filler& filler,
                     WireState& state) {
  WireReader in(message, state);
  while (in.next()) {
    if (in.tag() != kAnyArray && in.tag() != kAnyKvlist) {
      if (!read_scalar(in, value)) in.skip();
      continue;
    }
    const auto type = in.tag() == kAnyArray ? ValueType::kArray : ValueType::kKvlist;
    std::string_view list = in.bytes();
    Checker checker(filler, state);
    state.padded_varint = false;
    checker.check(type, list, 1);
    canonical = canonical && checker.canonical();
    if (value.type() == type) list = filler.batch().own(std::string(value.text()).append(list));
    value = Value::of_text(type, list);
  }
  if (value.type() == ValueType::kString) value = Filler::string_value(value.text());
}

Value canonical_value(const Value& value, Filler& filler, WireState& state) {
  if (value.type() != ValueType::kArray && value.type() != ValueType::kKvlist) return value;
  if (filler.rejected() || state.failed()) return {};
  std::string out;
  out.reserve(value.text().size());
  Rewriter(filler, state).list(out, value.type(), value.text());
  return Value::of_text(value.type(), filler.batch().own(out));
}

void append_any_value(std::string& out, const Value& value) {
  switch (value.type()) {
    case ValueType::kEmpty:
      break;
    case ValueType::kBool:
      base::put_varint(out, kAnyBool);
      base::put_varint(out, value.as_bool() ? 1 : 0);
      break;
    case ValueType::kInt:
      base::put_varint(out, kAnyInt);
      base::put_varint(out, static_cast<std::uint64_t>(value.as_int()));
      break;
    case ValueType::kDouble:
      base::put_varint(out, kAnyDouble);
      base::put_fixed(out, value.as_double());
      break;
    case ValueType::kString:
      append_wire_bytes(out, 1, value.text());
      break;
    case ValueType::kArray:
      append_wire_bytes(out, 5, value.text());
      break;
    case ValueType::kKvlist:
      append_wire_bytes(out, 6, value.text());
      break;
    case ValueType::kBytes:
      append_wire_bytes(out, 7, value.text());
      break;
  }
}

}  // namespace honeyguide::otlp
