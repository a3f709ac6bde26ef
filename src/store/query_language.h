// The search language: text that people write -> a tree of spansets. Two spellings, told apart by
// the first character that is no space:
//
//   { span.gen_ai.agent.name = "planner" && duration > 2s }     TraceQL's filters
//   agent:planner status:error dur>2s -tool:shell "text"        filter words
//
// docs/reference/search.md holds the grammar and the table of short keys. Pure functions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/query.h"
#include "store/trace_store.h"

namespace honeyguide::store {

// Bytes of one query text; longer ones are refused.
inline constexpr std::size_t kQueryBytesMax = 16 * 1024;
// Spansets joined by && and || in one query.
inline constexpr int kSpansetsMax = 16;

// What a comparison on the trace as a whole reads, from its summary.
enum class TraceField : std::uint8_t { kDurationNs, kRootName, kRootServiceName };

struct TraceComparison {
  TraceField field = TraceField::kDurationNs;
  Op op = Op::kEqual;
  Operand operand;
  std::shared_ptr<const re2::RE2> regex;  // kMatches, kNotMatches
};

// True if the trace as summarised now fulfils the comparison. Without a root span, its name and
// service are empty. The duration is the summary's end - start, never below 0.
bool matches(const TraceComparison& comparison, const TraceSummary& summary);

// A trace has a spanset if at least one of its spans matches `span` and its summary matches all of
// `trace`.
struct Spanset {
  Predicate span;  // compiled
  std::vector<TraceComparison> trace;
};

struct Query {
  enum class Kind : std::uint8_t { kSpanset, kAnd, kOr };
  Kind kind = Kind::kSpanset;
  Spanset spanset;              // kSpanset
  std::vector<Query> children;  // kAnd, kOr: two or more
  // Holds a substring search over all text, which no index serves: it must have a time range.
  bool needs_time_range = false;
};

// An empty text is the query that every span matches. kInvalidArgument points at the character,
// both counted from 1 in characters: "error 1:10: expected '}'".
base::Result<Query> parse_query(std::string_view text);

// kInvalidArgument that says what to add, if the query needs a time range and has none.
base::Result<void> check_time_range(const Query& query, bool has_time_range);

// The query as one line of prefix notation, for tests and for people who wonder what was
// understood: (and (= span.gen_ai.agent.name "planner") (> duration 2000000000)).
std::string describe(const Query& query);
std::string describe(const Predicate& predicate);

}  // namespace honeyguide::store
