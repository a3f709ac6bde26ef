// JsonWriter: writes JSON text front to back into a string; commas are its business, nesting is
// checked. The one writer of all JSON that the project produces.
//
//   JsonWriter json;
//   json.begin_object().field("name", "hive").key("ids").begin_array().value(1).end_array();
//   json.end_object();
//   use(json.take());
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace honeyguide::base {

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  // The next value's name; only within an object.
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  // Shortest decimal that reads back equal; null for NaN and infinities, which JSON lacks.
  JsonWriter& value(double number);
  JsonWriter& value(bool flag);
  template <std::signed_integral T>
  JsonWriter& value(T number) {
    return raw(std::to_string(number));
  }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) JsonWriter& value(T number) {
    return raw(std::to_string(number));
  }
  JsonWriter& null() { return raw("null"); }
  // 64-bit numbers as a decimal string, where a reader's numbers are doubles (OTLP's rule).
  JsonWriter& value_as_string(std::int64_t number);
  // Text that is JSON already, unchecked.
  JsonWriter& raw(std::string_view json);

  template <typename T>
  JsonWriter& field(std::string_view name, const T& content) {
    key(name);
    return value(content);
  }

  // The text; HG_CHECKs that everything opened was closed. The writer is empty afterwards.
  std::string take();

 private:
  void separate();

  std::string out_;
  std::vector<char> open_;  // '{' or '[' of each level
  bool first_ = true;       // nothing yet at this level
  bool after_key_ = false;
};

}  // namespace honeyguide::base
