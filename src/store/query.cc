#include "store/query.h"

#include <cmath>

#include <re2/re2.h>

#include "base/strings.h"

namespace honeyguide::store {
namespace {

using telemetry::Span;
using telemetry::SpanBatch;
using telemetry::Value;
using telemetry::ValueType;

std::string operand_text(const Operand& operand) {
  if (const auto* flag = std::get_if<bool>(&operand)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&operand)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&operand)) return base::format_double(*real);
  if (const auto* text = std::get_if<std::string>(&operand)) return *text;
  return {};
}

template <typename T>
bool ordered(Op op, const T& a, const T& b) {
  switch (op) {
    case Op::kEqual:
      return a == b;
    case Op::kNotEqual:
      return !(a == b);
    case Op::kLess:
      return a < b;
    case Op::kLessEqual:
      return a <= b;
    case Op::kGreater:
      return a > b;
    case Op::kGreaterEqual:
      return a >= b;
    default:
      return false;
  }
}

}  // namespace

bool compare_text(const Comparison& c, std::string_view text) {
  switch (c.op) {
    case Op::kExists:
      return true;
    case Op::kMatches:
      return c.regex &&
             re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *c.regex);
    case Op::kNotMatches:
      return c.regex &&
             !re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *c.regex);
    case Op::kContains:
      return text.find(operand_text(c.operand)) != std::string_view::npos;
    default: {
      if (const auto* wanted = std::get_if<std::string>(&c.operand)) {
        return ordered<std::string_view>(c.op, text, *wanted);
      }
      const std::string wanted = operand_text(c.operand);
      return ordered<std::string_view>(c.op, text, wanted);
    }
  }
}

bool compare_number(const Comparison& c, std::int64_t number) {
  if (c.op == Op::kExists) return true;
  if (const auto* wanted = std::get_if<std::int64_t>(&c.operand)) {
    return ordered(c.op, number, *wanted);
  }
  if (const auto* wanted = std::get_if<double>(&c.operand)) {
    return ordered(c.op, static_cast<double>(number), *wanted);
  }
  return compare_text(c, std::to_string(number));
}

bool compare_value(const Comparison& c, const Value& value) {
  if (c.op == Op::kExists) return true;
  if (c.op == Op::kMatches || c.op == Op::kNotMatches || c.op == Op::kContains || c.as_text) {
    if (value.type() == ValueType::kString) return compare_text(c, value.text());
    return compare_text(c, telemetry::canonical_text(value));
  }
  const bool different = c.op == Op::kNotEqual;
  switch (value.type()) {
    case ValueType::kBool: {
      const auto* wanted = std::get_if<bool>(&c.operand);
      return wanted != nullptr ? ordered(c.op, value.as_bool(), *wanted) : different;
    }
    case ValueType::kInt:
      if (std::holds_alternative<std::int64_t>(c.operand) ||
          std::holds_alternative<double>(c.operand)) {
        return compare_number(c, value.as_int());
      }
      return different;
    case ValueType::kDouble: {
      if (const auto* real = std::get_if<double>(&c.operand)) {
        return ordered(c.op, value.as_double(), *real);
      }
      if (const auto* number = std::get_if<std::int64_t>(&c.operand)) {
        return ordered(c.op, value.as_double(), static_cast<double>(*number));
      }
      return different;
    }
    case ValueType::kString:
      return std::holds_alternative<std::string>(c.operand) ? compare_text(c, value.text())
                                                            : different;
    default:
      return std::holds_alternative<std::string>(c.operand)
                 ? compare_text(c, telemetry::canonical_text(value))
                 : different;
  }
}

namespace {

bool any_attribute(const Comparison& c, const SpanBatch& batch, telemetry::Range range) {
  const auto key = batch.find_key(c.key);
  if (!key) return false;
  for (const auto& attribute : batch.attributes(range)) {
    if (attribute.key == *key && compare_value(c, attribute.value)) return true;
  }
  return false;
}

bool compare_attribute(const Comparison& c, const SpanBatch& batch, const Span& span) {
  if ((c.scopes & kScopeSpan) != 0 && any_attribute(c, batch, span.attributes)) return true;
  const auto& resource = batch.resources()[span.resource];
  if ((c.scopes & kScopeResource) != 0 && any_attribute(c, batch, resource.attributes)) return true;
  const auto& scope = batch.scopes()[span.scope];
  if ((c.scopes & kScopeInstrumentation) != 0 && any_attribute(c, batch, scope.attributes)) {
    return true;
  }
  if ((c.scopes & kScopeEvent) != 0) {
    for (const auto& event : batch.events(span.events)) {
      if (any_attribute(c, batch, event.attributes)) return true;
    }
  }
  if ((c.scopes & kScopeLink) != 0) {
    for (const auto& link : batch.links(span.links)) {
      if (any_attribute(c, batch, link.attributes)) return true;
    }
  }
  return false;
}

bool any_string(const Comparison& c, const SpanBatch& batch, telemetry::Range range) {
  for (const auto& attribute : batch.attributes(range)) {
    if (attribute.value.type() == ValueType::kString && compare_text(c, attribute.value.text())) {
      return true;
    }
  }
  return false;
}

bool compare_any_text(const Comparison& c, const SpanBatch& batch, const Span& span) {
  if (compare_text(c, span.name) || compare_text(c, span.status_message)) return true;
  if (any_string(c, batch, span.attributes)) return true;
  if (any_string(c, batch, batch.resources()[span.resource].attributes)) return true;
  if (any_string(c, batch, batch.scopes()[span.scope].attributes)) return true;
  for (const auto& event : batch.events(span.events)) {
    if (any_string(c, batch, event.attributes)) return true;
  }
  for (const auto& link : batch.links(span.links)) {
    if (any_string(c, batch, link.attributes)) return true;
  }
  return false;
}

bool compare_events_and_links(const Comparison& c, const SpanBatch& batch, const Span& span) {
  for (const auto& event : batch.events(span.events)) {
    if (c.field == Field::kEventName && compare_text(c, event.name)) return true;
    if (c.field == Field::kEventSinceStartNs && compare_number(c, event.time - span.start)) {
      return true;
    }
  }
  for (const auto& link : batch.links(span.links)) {
    if (c.field == Field::kLinkTraceId && compare_text(c, link.trace_id.to_hex())) return true;
    if (c.field == Field::kLinkSpanId && compare_text(c, link.span_id.to_hex())) return true;
  }
  return false;
}

bool compare(const Comparison& c, const SpanBatch& batch, const Span& span) {
  switch (c.field) {
    case Field::kAttribute:
      return compare_attribute(c, batch, span);
    case Field::kName:
      return compare_text(c, span.name);
    case Field::kServiceName:
      return compare_text(c, batch.service_name(span));
    case Field::kKind:
      return compare_text(c, telemetry::span_kind_name(span.kind));
    case Field::kStatus:
      return compare_text(c, telemetry::status_code_name(span.status));
    case Field::kStatusMessage:
      return compare_text(c, span.status_message);
    case Field::kDurationNs:
      return compare_number(c, span.duration_ns());
    case Field::kStartNs:
      return compare_number(c, span.start);
    case Field::kTraceId:
      return compare_text(c, span.trace_id.to_hex());
    case Field::kSpanId:
      return compare_text(c, span.span_id.to_hex());
    case Field::kParentSpanId:
      return compare_text(c, span.parent_span_id.valid() ? span.parent_span_id.to_hex() : "");
    case Field::kScopeName:
      return compare_text(c, batch.scopes()[span.scope].name);
    case Field::kScopeVersion:
      return compare_text(c, batch.scopes()[span.scope].version);
    case Field::kEventName:
    case Field::kEventSinceStartNs:
    case Field::kLinkTraceId:
    case Field::kLinkSpanId:
      return compare_events_and_links(c, batch, span);
    case Field::kAnyText:
      return compare_any_text(c, batch, span);
  }
  return false;
}

base::Result<void> compile_at(Predicate& predicate, int depth, int& comparisons) {
  if (depth > kPredicateDepthMax) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "the query nests deeper than " + std::to_string(kPredicateDepthMax)};
  }
  if (predicate.kind == Predicate::Kind::kCompare) {
    if (++comparisons > kPredicateComparisonsMax) {
      return base::Error{
          base::ErrorCode::kInvalidArgument,
          "the query has more than " + std::to_string(kPredicateComparisonsMax) + " comparisons"};
    }
    Comparison& c = predicate.comparison;
    if (c.op != Op::kMatches && c.op != Op::kNotMatches) return {};
    re2::RE2::Options options;
    options.set_max_mem(kRegexBytesMax);
    options.set_log_errors(false);
    const std::string pattern = operand_text(c.operand);
    auto regex = std::make_shared<const re2::RE2>(pattern, options);
    if (!regex->ok()) {
      return base::Error{base::ErrorCode::kInvalidArgument,
                         "regular expression " + base::json_quote(pattern) + ": " + regex->error()};
    }
    c.regex = std::move(regex);
    return {};
  }
  for (Predicate& child : predicate.children) {
    HG_RETURN_IF_ERROR(compile_at(child, depth + 1, comparisons));
  }
  return {};
}

}  // namespace

Predicate Predicate::compare(Comparison comparison) {
  Predicate out;
  out.kind = Kind::kCompare;
  out.comparison = std::move(comparison);
  return out;
}

Predicate Predicate::all_of(std::vector<Predicate> children) {
  if (children.empty()) return always();
  if (children.size() == 1) return std::move(children.front());
  Predicate out;
  out.kind = Kind::kAnd;
  out.children = std::move(children);
  return out;
}

Predicate Predicate::any_of(std::vector<Predicate> children) {
  if (children.size() == 1) return std::move(children.front());
  Predicate out;
  out.kind = Kind::kOr;
  out.children = std::move(children);
  return out;
}

Predicate Predicate::negate(Predicate child) {
  Predicate out;
  out.kind = Kind::kNot;
  out.children.push_back(std::move(child));
  return out;
}

base::Result<void> compile(Predicate& predicate) {
  int comparisons = 0;
  return compile_at(predicate, 0, comparisons);
}

bool matches(const Predicate& predicate, const SpanBatch& batch, const Span& span) {
  switch (predicate.kind) {
    case Predicate::Kind::kTrue:
      return true;
    case Predicate::Kind::kCompare:
      return compare(predicate.comparison, batch, span);
    case Predicate::Kind::kAnd:
      for (const Predicate& child : predicate.children) {
        if (!matches(child, batch, span)) return false;
      }
      return true;
    case Predicate::Kind::kOr:
      for (const Predicate& child : predicate.children) {
        if (matches(child, batch, span)) return true;
      }
      return false;
    case Predicate::Kind::kNot:
      return !matches(predicate.children.front(), batch, span);
  }
  return false;
}

}  // namespace honeyguide::store
