// Filler: what every decoder does for each item, whatever the encoding: limits, key interning, text
// repair, rejection with roll-back. Private to this module. One Filler a request, one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "otlp/decode.h"
#include "otlp/text.h"
#include "telemetry/span_batch.h"

namespace honeyguide::otlp {

// Which key stood at each attribute position of the item before: senders repeat themselves, so one
// comparison mostly replaces a hash.
class KeyGuess {
 public:
  // The key's index in batch.keys(); `position` counts attributes of the item from 0.
  std::uint32_t intern(telemetry::SpanBatch& batch, std::string_view key, std::uint32_t position) {
    if (position < guesses_.size()) {
      const std::uint32_t guess = guesses_[position];
      if (batch.keys()[guess] == key) return guess;
      return guesses_[position] = batch.intern_key(key);
    }
    const std::uint32_t index = batch.intern_key(key);
    if (guesses_.empty()) guesses_.reserve(16);
    if (position == guesses_.size()) guesses_.push_back(index);
    return index;
  }

 private:
  std::vector<std::uint32_t> guesses_;
};

// Whether an id may be absent. All-zero counts as absent.
enum class IdRule : std::uint8_t { kRequired, kOptional };

// Numbers that are no known kind or code read as unspecified or unset.
telemetry::SpanKind span_kind_of(std::uint64_t number);
telemetry::StatusCode status_code_of(std::uint64_t number);
// 0 to 24; beyond reads as 0, unspecified.
std::uint8_t severity_of(std::uint64_t number);

class Filler {
 public:
  // `noun` as in "span 3: ..."; both references must outlive the Filler.
  Filler(telemetry::SpanBatch& batch, const DecodeLimits& limits, std::string_view noun)
      : batch_(batch), limits_(limits), noun_(noun) {}

  telemetry::SpanBatch& batch() { return batch_; }
  const DecodeLimits& limits() const { return limits_; }

  // --- Items ---
  // Starts the next span, record or point. It is rejected from the start if its resource or scope
  // is bad or the request holds too many.
  void begin_item();
  // Rejects the item at hand for a reason made of text and whole numbers; it is still read to its
  // end. The first reason of an item counts, and only the first of a request is put into words: a
  // body of nothing but bad items must stay cheap.
  template <typename... Parts>
  void reject(const Parts&... parts) {
    if (rejected_) return;
    rejected_ = true;
    if (in_group_ || first_reason_.empty()) (append_part(reason_, parts), ...);
  }
  bool rejected() const { return rejected_; }
  // True: keep it. False: it was rejected, is counted, and its attributes, events and links are
  // gone; drop whatever else was added for it.
  bool end_item();

  std::uint64_t rejected_count() const { return rejected_count_; }
  // "span 3: <reason> (2 more spans rejected)", empty if nothing was rejected.
  std::string error_message() const;

  // --- Resources and scopes ---
  // Between begin_group and take_group_problem, reject() concerns a resource or scope.
  void begin_group() {
    reason_.clear();
    rejected_ = false;
    in_group_ = true;
  }
  std::string take_group_problem() {
    in_group_ = false;
    return std::exchange(reason_, {});
  }
  // Items are rejected with the first of these that is not empty. Must outlive the items.
  void set_group_problems(const std::string& resource, const std::string& scope) {
    group_problem_ = !resource.empty() ? &resource : &scope;
  }

  // --- Parts ---
  // The text itself, or a repaired copy in the batch.
  std::string_view text(std::string_view text) {
    if (is_ascii(text)) return text;
    return is_utf8_fast(text) ? text : batch_.own(repair_utf8(text));
  }
  // A string value, or a bytes value if it is not UTF-8. `text` is borrowed.
  static telemetry::Value string_value(std::string_view text) {
    if (is_ascii(text) || is_utf8_fast(text)) return telemetry::Value::string(text);
    return telemetry::Value::of_text(telemetry::ValueType::kBytes, text);
  }
  // An id of an item from its raw bytes; of a wrong length, or absent against the rule, the item is
  // rejected.
  template <std::size_t N>
  base::HexId<N> id(std::string_view raw, const char* what, IdRule rule) {
    base::HexId<N> out;
    if (raw.size() == N) {
      std::memcpy(out.bytes.data(), raw.data(), N);
      if (rule == IdRule::kRequired && !out.valid()) {
        reject(what, " is all zeros");
      }
    } else if (!raw.empty() || rule == IdRule::kRequired) {
      reject(what, " must have ", N, " bytes, has ", raw.size());
    }
    return out;
  }
  // A time of an item; beyond int64 the item is rejected.
  base::UnixNanos time(std::uint64_t unix_nanos, const char* what) {
    if (unix_nanos > INT64_MAX) reject(what, " is beyond the year 2262");
    return static_cast<base::UnixNanos>(unix_nanos);
  }

  // Adds an attribute at `position` of a list that began at `list_begin` of the batch's vector.
  void attribute(KeyGuess& guess, std::uint32_t list_begin, std::string_view key,
                 const telemetry::Value& value) {
    auto& all = batch_.mutable_attributes();
    const auto position = static_cast<std::uint32_t>(all.size()) - list_begin;
    if (position >= limits_.attributes_per_item_max ||
        all.size() >= limits_.elements_per_request_max || key.size() > limits_.key_bytes_max)
        [[unlikely]] {
      return reject_attribute(position, key);
    }
    if (!is_ascii(key)) key = text(key);
    all.push_back({value, guess.intern(batch_, key, position)});
  }
  telemetry::Range attributes_since(std::uint32_t list_begin) const {
    return {list_begin, attributes_size()};
  }
  std::uint32_t attributes_size() const {
    return static_cast<std::uint32_t>(batch_.mutable_attributes().size());
  }
  // False, and the item is rejected, if the span or request holds too many already.
  bool room_for_event(std::uint32_t span_begin);
  bool room_for_link(std::uint32_t span_begin);

 private:
  static void append_part(std::string& out, std::string_view text) { out += text; }
  static void append_part(std::string& out, std::uint64_t number) { out += std::to_string(number); }
  void reject_attribute(std::uint32_t position, std::string_view key);

  telemetry::SpanBatch& batch_;
  const DecodeLimits& limits_;
  std::string_view noun_;
  const std::string* group_problem_ = nullptr;
  bool rejected_ = false;     // the current item
  bool in_group_ = false;     // within a resource or scope
  std::string reason_;        // of the current item
  std::string first_reason_;  // with its item's number
  std::uint64_t item_count_ = 0;
  std::uint64_t rejected_count_ = 0;
  std::size_t attributes_mark_ = 0;
  std::size_t events_mark_ = 0;
  std::size_t links_mark_ = 0;
};

// kResourceExhausted if the body is larger than limits.body_bytes_max.
base::Result<void> check_body_size(const std::string& body, const DecodeLimits& limits);

// Makes room for `more` elements without giving up geometric growth.
template <typename T>
void make_room(std::vector<T>& all, std::size_t more) {
  if (all.capacity() - all.size() >= more) return;
  all.reserve(std::max(all.size() + more, 2 * all.capacity()));
}

}  // namespace honeyguide::otlp
