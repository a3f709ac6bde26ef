// Predicates on one span: the tree that every search becomes, whatever its spelling (TraceQL,
// filter words, Jaeger's tags, Jaeger's filter JSON, the REST parameters).
//
// A predicate holds for a span if the whole tree does, all its comparisons on that same span.
// Stores push down what they can (filters, columns) and may use matches() for the rest.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "telemetry/span_batch.h"

namespace re2 {
class RE2;
}

namespace honeyguide::store {

// What a comparison reads.
enum class Field : std::uint8_t {
  kAttribute,    // Comparison::key in Comparison::scopes
  kName,         // operation
  kServiceName,  // resource attribute service.name
  kKind,         // text: "server", ...
  kStatus,       // text: "unset", "ok", "error"
  kStatusMessage,
  kDurationNs,
  kStartNs,
  kTraceId,  // text: hex
  kSpanId,
  kParentSpanId,  // empty text for a root
  kScopeName,
  kScopeVersion,
  kEventName,  // any event
  kEventSinceStartNs,
  kLinkTraceId,  // any link
  kLinkSpanId,
  kAnyText,  // span name, status message and string attributes in any scope
};

// Where an attribute is looked for; a set of bits.
enum Scopes : std::uint8_t {
  kScopeSpan = 1,
  kScopeResource = 2,
  kScopeInstrumentation = 4,
  kScopeEvent = 8,
  kScopeLink = 16,
  kScopesAll = 31,
};

enum class Op : std::uint8_t {
  kExists,
  kEqual,
  kNotEqual,  // a value is there and differs; use Not(kEqual) for "is not that or is absent"
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kMatches,     // RE2, unanchored
  kNotMatches,  // a value is there and does not match
  kContains,    // substring, case-sensitive
};

using Operand = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

struct Comparison {
  Field field = Field::kAttribute;
  std::string key;                   // kAttribute only
  std::uint8_t scopes = kScopesAll;  // kAttribute only
  Op op = Op::kExists;
  Operand operand;
  // True: compares the canonical text of the stored value with the operand's text, whatever the
  // types (Jaeger's rule). False: numbers compare as numbers (int with double too), strings as
  // strings, booleans as booleans; different kinds are never equal.
  bool as_text = false;
  // Filled by compile(); shared because predicates are copied.
  std::shared_ptr<const re2::RE2> regex;
};

struct Predicate {
  enum class Kind : std::uint8_t { kTrue, kCompare, kAnd, kOr, kNot };
  Kind kind = Kind::kTrue;
  Comparison comparison;            // kCompare
  std::vector<Predicate> children;  // kAnd, kOr: any number; kNot: one

  static Predicate always() { return {}; }
  static Predicate compare(Comparison comparison);
  static Predicate all_of(std::vector<Predicate> children);  // empty: true
  static Predicate any_of(std::vector<Predicate> children);  // empty: false
  static Predicate negate(Predicate child);
};

// Depth and number of comparisons a predicate may have; beyond them compile() refuses.
inline constexpr int kPredicateDepthMax = 32;
inline constexpr int kPredicateComparisonsMax = 256;
// Memory an expression may use when compiled and run.
inline constexpr std::int64_t kRegexBytesMax = 1 << 20;

// Checks the limits and compiles the regular expressions in place. kInvalidArgument names the
// expression and what is wrong with it. Must be called before matches() on a tree with kMatches.
base::Result<void> compile(Predicate& predicate);

// The slow, obvious meaning of a predicate: the oracle of every store's fast path.
bool matches(const Predicate& predicate, const telemetry::SpanBatch& batch,
             const telemetry::Span& span);

// What matches() asks of a single value, for stores that compare column by column: does the
// comparison's operation and operand hold for this attribute value, text or number? Field, key and
// scopes are not looked at.
bool compare_value(const Comparison& comparison, const telemetry::Value& value);
bool compare_text(const Comparison& comparison, std::string_view text);
bool compare_number(const Comparison& comparison, std::int64_t number);

// Half-open interval of span start times.
struct TimeRange {
  base::UnixNanos begin = std::numeric_limits<base::UnixNanos>::min();
  base::UnixNanos end = std::numeric_limits<base::UnixNanos>::max();

  bool contains(base::UnixNanos time) const { return begin <= time && time < end; }
  bool overlaps(base::UnixNanos first, base::UnixNanos last) const {
    return first < end && last >= begin;
  }
};

}  // namespace honeyguide::store
