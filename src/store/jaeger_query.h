// Jaeger's ways to ask -> the predicate tree: the parameters of a trace search (HTTP v1 and v3,
// jaeger.storage.v2) and v3's `query.filter` expression. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/query.h"

namespace honeyguide::store {

// Bytes of a filter expression and nesting of its JSON; beyond them it is refused.
inline constexpr std::size_t kJaegerFilterBytesMax = 64 * 1024;
inline constexpr std::size_t kJaegerFilterDepthMax = 96;

struct JaegerSearch {
  std::string service;    // empty: any
  std::string operation;  // empty: any
  std::vector<std::pair<std::string, std::string>> tags;
  std::int64_t duration_min_ns = 0;  // inclusive; 0: none
  std::int64_t duration_max_ns = 0;  // inclusive; 0: none
};

// All on one span. A tag is found in the attributes of the span, its scope, its resource, any of
// its events or any of its links, and compares as text. Some keys mean something else: `error`
// (true: status error; false: any other status), `span.status`, `span.kind`, `scope.name`,
// `scope.version`, and `resource.KEY` (KEY of the resource only). The result is compiled.
Predicate jaeger_predicate(const JaegerSearch& search);

// A filter expression:
// {"op":"and","args":[{"call":{"op":"gt","args":[{"field":{"name":"duration"}},
// {"scalar":{"value":"2s"}}]}}, ...]}, itself bare or within {"call":...}.
// op: and, or, not; eq, ne, gt, ge, gte, lt, le, lte, in, exists, contains, matches; some, which
// takes a level (event or link) and one comparison. attr: {key, level}; field: {name, level};
// scalar: {value, type}; list: {values, type}. Without a type, equality compares as text, order by
// number. kInvalidArgument names the place: "filter.args[0].call.op: ...". The result is compiled.
base::Result<Predicate> parse_jaeger_filter(std::string_view json);

}  // namespace honeyguide::store
