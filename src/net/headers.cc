#include "net/headers.h"

#include "base/strings.h"

namespace honeyguide::net {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// `stored` is lower case already.
bool same_name(std::string_view stored, std::string_view wanted) {
  if (stored.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (stored[i] != lower(wanted[i])) return false;
  }
  return true;
}

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  Field field;
  field.begin = static_cast<std::uint32_t>(text_.size());
  field.name_size = static_cast<std::uint32_t>(name.size());
  field.value_size = static_cast<std::uint32_t>(value.size());
  text_.append(name);
  for (std::size_t i = field.begin; i < text_.size(); ++i) text_[i] = lower(text_[i]);
  text_.append(value);
  fields_.push_back(field);
}

void Headers::set(std::string_view name, std::string_view value) {
  const std::string kept_name(name);
  const std::string kept_value(value);
  Headers rest;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!same_name(this->name(i), kept_name)) rest.add(this->name(i), this->value(i));
  }
  rest.add(kept_name, kept_value);
  *this = std::move(rest);
}

std::string_view Headers::get(std::string_view wanted) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (same_name(name(i), wanted)) return value(i);
  }
  return {};
}

bool Headers::contains(std::string_view wanted) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (same_name(name(i), wanted)) return true;
  }
  return false;
}

bool Headers::has_token(std::string_view wanted, std::string_view token) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (!same_name(name(i), wanted)) continue;
    std::string_view rest = value(i);
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view piece = base::trim(rest.substr(0, comma));
      if (base::equals_ignore_case(piece, token)) return true;
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
  }
  return false;
}

std::string_view Headers::name(std::size_t index) const {
  const Field& field = fields_[index];
  return std::string_view(text_).substr(field.begin, field.name_size);
}

std::string_view Headers::value(std::size_t index) const {
  const Field& field = fields_[index];
  return std::string_view(text_).substr(field.begin + field.name_size, field.value_size);
}

void Headers::reserve(std::size_t field_count, std::size_t bytes) {
  fields_.reserve(field_count);
  text_.reserve(bytes);
}

}  // namespace honeyguide::net
