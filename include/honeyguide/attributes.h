// Attributes: typed values under keys, as OpenTelemetry has them.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace honeyguide {

// Borrows its text for the call it is passed to.
class AttributeValue {
 public:
  AttributeValue(bool value) : value_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) AttributeValue(T value)
      : value_(static_cast<std::int64_t>(value)) {}
  AttributeValue(double value) : value_(value) {}
  AttributeValue(std::string_view value) : value_(value) {}
  AttributeValue(const char* value) : value_(std::string_view(value)) {}
  AttributeValue(const std::string& value) : value_(std::string_view(value)) {}

  const std::variant<bool, std::int64_t, double, std::string_view>& get() const { return value_; }

 private:
  std::variant<bool, std::int64_t, double, std::string_view> value_;
};

struct Attribute {
  std::string_view key;
  AttributeValue value;
};

// A braced list, or anything contiguous: tracer.start_span("x", {{"agent.id", "a"}, {"n", 3}}).
class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<Attribute> list) : items_(list.begin(), list.size()) {}
  Attributes(const std::vector<Attribute>& list) : items_(list) {}
  Attributes(std::span<const Attribute> list) : items_(list) {}

  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  std::size_t size() const { return items_.size(); }

 private:
  std::span<const Attribute> items_;
};

}  // namespace honeyguide
