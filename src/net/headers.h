// Header fields of HTTP/1.1, HTTP/2 and gRPC metadata in one compact buffer: two allocations for a
// whole request. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace honeyguide::net {

class Headers {
 public:
  // Appends a field; the name is stored in lower case. Repeated names are kept apart, in order.
  void add(std::string_view name, std::string_view value);

  // Removes every field of that name, then adds one.
  void set(std::string_view name, std::string_view value);

  // The first value of that name (any case), or empty. Valid until the next change.
  std::string_view get(std::string_view name) const;
  bool contains(std::string_view name) const;

  // True if a comma-separated list field (all fields of that name) holds `token`, any case.
  bool has_token(std::string_view name, std::string_view token) const;

  std::size_t size() const { return fields_.size(); }
  std::string_view name(std::size_t index) const;
  std::string_view value(std::size_t index) const;

  // Bytes of all names and values.
  std::size_t size_bytes() const { return text_.size(); }

  void reserve(std::size_t field_count, std::size_t bytes);

 private:
  struct Field {
    std::uint32_t begin = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value_size = 0;
  };

  std::string text_;
  std::vector<Field> fields_;
};

}  // namespace honeyguide::net
