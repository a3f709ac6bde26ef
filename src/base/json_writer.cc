#include "base/json_writer.h"

#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/strings.h"

namespace honeyguide::base {

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  HG_CHECK(open_.empty() || open_.back() == '[');
  if (!first_) out_.push_back(',');
  first_ = false;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_.push_back('{');
  open_.push_back('{');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  HG_CHECK(!open_.empty() && open_.back() == '{' && !after_key_);
  out_.push_back('}');
  open_.pop_back();
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_.push_back('[');
  open_.push_back('[');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  HG_CHECK(!open_.empty() && open_.back() == '[');
  out_.push_back(']');
  open_.pop_back();
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  HG_CHECK(!open_.empty() && open_.back() == '{' && !after_key_);
  if (!first_) out_.push_back(',');
  first_ = false;
  append_json_quoted(out_, name);
  out_.push_back(':');
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_json_quoted(out_, text);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  return raw(std::isfinite(number) ? format_double(number) : "null");
}

JsonWriter& JsonWriter::value(bool flag) {
  return raw(flag ? "true" : "false");
}

JsonWriter& JsonWriter::value_as_string(std::int64_t number) {
  return value(std::string_view(std::to_string(number)));
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

std::string JsonWriter::take() {
  HG_CHECK(open_.empty() && !after_key_);
  first_ = true;
  return std::exchange(out_, {});
}

}  // namespace honeyguide::base
