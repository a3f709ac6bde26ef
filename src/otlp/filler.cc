#include "otlp/filler.h"

namespace honeyguide::otlp {

telemetry::SpanKind span_kind_of(std::uint64_t number) {
  const auto kind = static_cast<std::uint32_t>(number);
  return kind <= 5 ? static_cast<telemetry::SpanKind>(kind) : telemetry::SpanKind::kUnspecified;
}

telemetry::StatusCode status_code_of(std::uint64_t number) {
  const auto code = static_cast<std::uint32_t>(number);
  return code <= 2 ? static_cast<telemetry::StatusCode>(code) : telemetry::StatusCode::kUnset;
}

std::uint8_t severity_of(std::uint64_t number) {
  const auto severity = static_cast<std::uint32_t>(number);
  return severity <= 24 ? static_cast<std::uint8_t>(severity) : std::uint8_t{0};
}

void Filler::begin_item() {
  in_group_ = false;
  attributes_mark_ = batch_.mutable_attributes().size();
  events_mark_ = batch_.mutable_events().size();
  links_mark_ = batch_.mutable_links().size();
  reason_.clear();
  rejected_ = false;
  if (group_problem_ != nullptr && !group_problem_->empty()) reject(*group_problem_);
  if (++item_count_ > limits_.items_per_request_max) {
    reject("a request may hold at most ", limits_.items_per_request_max);
  }
}

bool Filler::end_item() {
  if (!rejected()) return true;
  ++rejected_count_;
  if (first_reason_.empty()) {
    first_reason_ = std::string(noun_) + " " + std::to_string(item_count_) + ": " + reason_;
  }
  batch_.mutable_attributes().resize(attributes_mark_);
  batch_.mutable_events().resize(events_mark_);
  batch_.mutable_links().resize(links_mark_);
  return false;
}

std::string Filler::error_message() const {
  if (rejected_count_ <= 1) return first_reason_;
  const std::uint64_t more = rejected_count_ - 1;
  return first_reason_ + " (" + std::to_string(more) + " more " + std::string(noun_) +
         (more > 1 ? "s" : "") + " rejected)";
}

void Filler::reject_attribute(std::uint32_t position, std::string_view key) {
  if (key.size() > limits_.key_bytes_max) {
    reject("an attribute key has ", key.size(), " bytes, at most ", limits_.key_bytes_max);
  } else if (position >= limits_.attributes_per_item_max) {
    reject("more than ", limits_.attributes_per_item_max, " attributes");
  } else {
    reject("a request may hold at most ", limits_.elements_per_request_max, " attributes");
  }
}

bool Filler::room_for_event(std::uint32_t span_begin) {
  const std::size_t size = batch_.mutable_events().size();
  if (size - span_begin >= limits_.events_per_span_max) {
    reject("more than ", limits_.events_per_span_max, " events");
  } else if (size >= limits_.elements_per_request_max) {
    reject("a request may hold at most ", limits_.elements_per_request_max, " events");
  } else {
    return true;
  }
  return false;
}

bool Filler::room_for_link(std::uint32_t span_begin) {
  const std::size_t size = batch_.mutable_links().size();
  if (size - span_begin >= limits_.links_per_span_max) {
    reject("more than ", limits_.links_per_span_max, " links");
  } else if (size >= limits_.elements_per_request_max) {
    reject("a request may hold at most ", limits_.elements_per_request_max, " links");
  } else {
    return true;
  }
  return false;
}

base::Result<void> check_body_size(const std::string& body, const DecodeLimits& limits) {
  if (body.size() <= limits.body_bytes_max) return {};
  return base::Error{base::ErrorCode::kResourceExhausted,
                     "the body has " + std::to_string(body.size()) + " bytes, at most " +
                         std::to_string(limits.body_bytes_max)};
}

}  // namespace honeyguide::otlp
