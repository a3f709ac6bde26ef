#include "otlp/json_common.h"

#include <cmath>
#include <limits>

#include "base/strings.h"

namespace honeyguide::otlp {
namespace {

using telemetry::Value;
using telemetry::ValueType;

// The code unit of the \u escape at `at`, or -1 if there is none.
int escaped_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// The text with the escapes of lone surrogates replaced by \ufffd.
std::string replace_lone_surrogates(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') continue;
    const int unit = escaped_unit(text, i);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const int next = escaped_unit(text, i + 6);
      if (next >= 0xdc00 && next <= 0xdfff) {
        i += 11;
        continue;
      }
    }
    if (unit >= 0xd800 && unit <= 0xdfff) text.replace(i + 2, 4, "fffd");
    i += unit < 0 ? 1 : 5;
  }
  return text;
}

}  // namespace

base::Result<void> JsonDocument::parse(const std::string& text, std::uint32_t depth_max) {
  const auto fail = [](simdjson::error_code error) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       std::string("malformed JSON: ") + simdjson::error_message(error)};
  };
  if (text.empty()) return fail(simdjson::EMPTY);
  if (const auto error = parser_.allocate(text.size(), depth_max)) return fail(error);
  JsonElement root;
  auto error = parser_.parse(text).get(root);
  if (error == simdjson::STRING_ERROR) {
    error = parser_.parse(replace_lone_surrogates(text)).get(root);
  }
  if (error != simdjson::SUCCESS) return fail(error);
  if (root.get(root_) != simdjson::SUCCESS) {
    return base::Error{base::ErrorCode::kInvalidArgument, "the JSON must be an object"};
  }
  return {};
}

std::string_view JsonCommon::text(const JsonElement& element, const char* what) {
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS) filler_.reject(what, " must be a string");
  return filler_.batch().own(text);
}

std::uint64_t JsonCommon::uint64(const JsonElement& element, const char* what) {
  std::uint64_t number = 0;
  std::string_view text;
  double real = 0;
  if (element.get(number) == simdjson::SUCCESS) return number;
  if (element.get(text) == simdjson::SUCCESS) {
    if (const auto parsed = base::parse_uint64(text)) return *parsed;
  } else if (element.get(real) == simdjson::SUCCESS && real >= 0 && real < 18446744073709551616.0 &&
             std::floor(real) == real) {
    return static_cast<std::uint64_t>(real);
  }
  filler_.reject(what, " must be a whole number from 0 to 2^64 - 1");
  return 0;
}

std::int64_t JsonCommon::int64(const JsonElement& element, const char* what) {
  std::int64_t number = 0;
  std::string_view text;
  double real = 0;
  if (element.get(number) == simdjson::SUCCESS) return number;
  if (element.get(text) == simdjson::SUCCESS) {
    if (const auto parsed = base::parse_int64(text)) return *parsed;
  } else if (element.get(real) == simdjson::SUCCESS && real >= -9223372036854775808.0 &&
             real < 9223372036854775808.0 && std::floor(real) == real) {
    return static_cast<std::int64_t>(real);
  }
  filler_.reject(what, " must be a whole number from -2^63 to 2^63 - 1");
  return 0;
}

std::uint32_t JsonCommon::uint32(const JsonElement& element, const char* what) {
  const std::uint64_t number = uint64(element, what);
  if (number <= std::numeric_limits<std::uint32_t>::max()) {
    return static_cast<std::uint32_t>(number);
  }
  filler_.reject(what, " must be below 2^32");
  return 0;
}

double JsonCommon::real(const JsonElement& element, const char* what) {
  double number = 0;
  std::string_view text;
  if (element.get(number) == simdjson::SUCCESS) return number;
  if (element.get(text) == simdjson::SUCCESS) {
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
    if (const auto parsed = base::parse_double(text)) return *parsed;
  }
  filler_.reject(what, " must be a number");
  return 0;
}

bool JsonCommon::boolean(const JsonElement& element, const char* what) {
  bool flag = false;
  if (element.get(flag) != simdjson::SUCCESS) filler_.reject(what, " must be true or false");
  return flag;
}

std::uint64_t JsonCommon::enumeration(const JsonElement& element, std::string_view prefix,
                                      std::span<const std::string_view> names, const char* what) {
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS)
    return static_cast<std::uint64_t>(int64(element, what));
  if (text.starts_with(prefix)) {
    const std::string_view name = text.substr(prefix.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) return i;
    }
  }
  if (const auto number = base::parse_int64(text)) return static_cast<std::uint64_t>(*number);
  return 0;
}

std::optional<JsonArray> JsonCommon::array(const JsonElement& element, const char* what) {
  JsonArray array;
  if (element.get(array) == simdjson::SUCCESS) return array;
  filler_.reject(what, " must be an array");
  return std::nullopt;
}

std::optional<JsonObject> JsonCommon::object(const JsonElement& element, const char* what) {
  JsonObject object;
  if (element.get(object) == simdjson::SUCCESS) return object;
  filler_.reject(what, " must be an object");
  return std::nullopt;
}

std::optional<Value> JsonCommon::scalar(std::string_view name, const JsonElement& element) {
  if (name == "stringValue") return Value::string(text(element, "stringValue"));
  if (name == "intValue") return Value::integer(int64(element, "intValue"));
  if (name == "doubleValue") return Value::real(real(element, "doubleValue"));
  if (name == "boolValue") return Value::boolean(boolean(element, "boolValue"));
  if (name == "bytesValue") {
    std::string_view base64;
    if (element.get(base64) == simdjson::SUCCESS) {
      if (const auto bytes = decode_base64(base64)) {
        return Value::of_text(ValueType::kBytes, filler_.batch().own(*bytes));
      }
    }
    filler_.reject("bytesValue must be base64");
    return Value();
  }
  return std::nullopt;
}

Value JsonCommon::any_value(const JsonElement& element) {
  Value value;
  const auto members = object(element, "a value");
  if (!members) return value;
  each_member(*members, [&](std::string_view name, const JsonElement& member) {
    if (name == "arrayValue" || name == "kvlistValue") {
      const bool pairs = name == "kvlistValue";
      std::string message;
      append_list(message, member, pairs, 1);
      value = Value::of_text(pairs ? ValueType::kKvlist : ValueType::kArray,
                             filler_.batch().own(message));
    } else if (const auto found = scalar(name, member)) {
      value = *found;
    }
  });
  return value;
}

void JsonCommon::append_any(std::string& out, const JsonElement& element, std::uint32_t depth) {
  const auto members = object(element, "a value");
  if (!members) return;
  const std::size_t begin = out.size();
  each_member(*members, [&](std::string_view name, const JsonElement& member) {
    if (name == "arrayValue" || name == "kvlistValue") {
      out.resize(begin);  // the last member counts
      const bool pairs = name == "kvlistValue";
      const OpenField field(out, pairs ? 6 : 5);
      append_list(out, member, pairs, depth + 1);
    } else if (const auto found = scalar(name, member)) {
      out.resize(begin);
      append_any_value(out, *found);
    }
  });
}

void JsonCommon::append_list(std::string& out, const JsonElement& element, bool pairs,
                             std::uint32_t depth) {
  if (depth > filler_.limits().value_depth_max) {
    filler_.reject("a value is nested deeper than ", filler_.limits().value_depth_max);
    return;
  }
  const auto list = object(element, pairs ? "kvlistValue" : "arrayValue");
  if (!list) return;
  std::optional<JsonArray> values;
  each_member(*list, [&](std::string_view name, const JsonElement& member) {
    if (name == "values") values = array(member, "values");
  });
  if (!values) return;
  for (const JsonElement& value : *values) {
    const OpenField field(out, 1);
    if (pairs) {
      append_pair(out, value, depth);
    } else if (!value.is_null()) {
      append_any(out, value, depth);
    }
  }
}

void JsonCommon::append_pair(std::string& out, const JsonElement& element, std::uint32_t depth) {
  const auto pair = object(element, "a key and value");
  if (!pair) return;
  std::string_view key;
  std::optional<JsonElement> value;
  each_member(*pair, [&](std::string_view name, const JsonElement& member) {
    if (name == "key") key = text(member, "key");
    if (name == "value") value = member;
  });
  if (key.size() > filler_.limits().key_bytes_max) {
    filler_.reject("a key within a value has ", key.size(), " bytes, at most ",
                   filler_.limits().key_bytes_max);
  }
  if (!key.empty()) append_wire_bytes(out, 1, key);
  const OpenField field(out, 2);
  if (value) append_any(out, *value, depth);
}

telemetry::Range JsonCommon::attributes(const std::optional<JsonElement>& list, KeyGuess& guess) {
  const std::uint32_t begin = filler_.attributes_size();
  const auto pairs = list ? array(*list, "attributes") : std::nullopt;
  if (!pairs) return {begin, begin};
  for (const JsonElement& element : *pairs) {
    const auto pair = object(element, "an attribute");
    if (!pair) continue;
    std::string_view key;
    Value value;
    each_member(*pair, [&](std::string_view name, const JsonElement& member) {
      if (name == "key" && member.get(key) != simdjson::SUCCESS) {
        filler_.reject("key must be a string");
      }
      if (name == "value") value = any_value(member);
    });
    filler_.attribute(guess, begin, key, value);
  }
  return filler_.attributes_since(begin);
}

base::Result<JsonCommon::Group> JsonCommon::read_group(const JsonElement& element,
                                                       std::string_view head_name,
                                                       std::string_view children_name) {
  const auto wrong = [](std::string_view name, std::string_view type) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       std::string(name) + " must be an " + std::string(type)};
  };
  Group group;
  JsonObject members;
  if (element.get(members) != simdjson::SUCCESS) {
    return wrong("an element around " + std::string(children_name), "object");
  }
  for (const auto& [name, member] : members) {
    if (member.is_null()) continue;
    if (name == head_name) {
      JsonObject head;
      if (member.get(head) != simdjson::SUCCESS) return wrong(head_name, "object");
      group.head = head;
    } else if (name == children_name) {
      JsonArray children;
      if (member.get(children) != simdjson::SUCCESS) return wrong(children_name, "array");
      group.children = children;
    } else if (name == "schemaUrl") {
      std::string_view url;
      if (member.get(url) == simdjson::SUCCESS) group.schema_url = filler_.batch().own(url);
    }
  }
  return group;
}

telemetry::Resource JsonCommon::read_resource(Group& group) {
  telemetry::Resource resource;
  resource.schema_url = group.schema_url;
  filler_.begin_group();
  std::optional<JsonElement> attribute_list;
  if (group.head) {
    each_member(*group.head, [&](std::string_view name, const JsonElement& member) {
      if (name == "attributes") attribute_list = member;
      if (name == "droppedAttributesCount") {
        resource.dropped_attributes_count = uint32(member, "droppedAttributesCount");
      }
    });
  }
  resource.attributes = attributes(attribute_list, resource_keys_);
  group.problem = filler_.take_group_problem();
  if (!group.problem.empty()) group.problem.insert(0, "its resource: ");
  return resource;
}

telemetry::Scope JsonCommon::read_scope(Group& group) {
  telemetry::Scope scope;
  scope.schema_url = group.schema_url;
  filler_.begin_group();
  std::optional<JsonElement> attribute_list;
  if (group.head) {
    each_member(*group.head, [&](std::string_view name, const JsonElement& member) {
      if (name == "name") scope.name = text(member, "name");
      if (name == "version") scope.version = text(member, "version");
      if (name == "attributes") attribute_list = member;
      if (name == "droppedAttributesCount") {
        scope.dropped_attributes_count = uint32(member, "droppedAttributesCount");
      }
    });
  }
  scope.attributes = attributes(attribute_list, scope_keys_);
  group.problem = filler_.take_group_problem();
  if (!group.problem.empty()) group.problem.insert(0, "its scope: ");
  return scope;
}

JsonCommon::Mark JsonCommon::mark() const {
  telemetry::SpanBatch& batch = filler_.batch();
  return {batch.resources().size(), batch.scopes().size(), batch.mutable_attributes().size()};
}

void JsonCommon::roll_back(const Mark& mark) {
  telemetry::SpanBatch& batch = filler_.batch();
  batch.mutable_resources().resize(mark.resources);
  batch.mutable_scopes().resize(mark.scopes);
  batch.mutable_attributes().resize(mark.attributes);
}

}  // namespace honeyguide::otlp
