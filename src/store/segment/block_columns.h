// The columns of a block while it is being encoded: plain vectors, one entry a row.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "store/segment/block_writer.h"

namespace honeyguide::store::segment {

inline constexpr std::uint32_t kUnmapped = 0xffffffff;

// Times of any sender may lie 2^64 apart; differences wrap and sums wrap back.
inline std::int64_t wrapping_sub(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
inline std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

// A text column that is often empty in every row.
struct TextColumn {
  StringInterner interner;
  std::vector<std::uint32_t> index;
  bool any = false;

  void reset();
  void add(std::string_view text) {
    any |= !text.empty();
    index.push_back(interner.intern(text));
  }
};

// Columns of zeros and of empty strings are left out.
void put_ints(BodyWriter& body, Field field, const std::vector<std::int64_t>& values);
void put_texts(BodyWriter& body, Field field, TextWriter& text, const TextColumn& column);

// Finds the row of a span id. Of equal ids the first row wins.
class SpanIdRows {
 public:
  explicit SpanIdRows(const std::vector<base::SpanId>& ids);
  std::uint32_t find(const base::SpanId& id) const;

 private:
  std::size_t place(const base::SpanId& id) const;

  const std::vector<base::SpanId>& ids_;
  std::vector<std::uint32_t> slots_;
};

struct BlockWriter::SpanColumns {
  struct Operation {
    std::uint32_t resource;
    std::uint32_t name;
    telemetry::SpanKind kind;
  };

  void reset();
  void note_operation(std::uint32_t resource, std::uint32_t name, telemetry::SpanKind kind);
  const std::vector<Operation>& operations() const { return operations_; }

  std::vector<base::TraceId> traces;
  std::vector<std::uint32_t> first_rows;  // per trace
  std::vector<std::int64_t> trace_starts;
  std::uint32_t last_trace = 0;
  std::uint32_t error_rows = 0;
  std::vector<std::int64_t> row_trace, starts, durations, odd_end_rows, odd_ends;
  std::vector<base::SpanId> span_ids, parents;
  StringInterner names;
  std::vector<std::uint32_t> name_index;
  std::vector<std::int64_t> kinds, statuses, flags, resources, scopes;
  std::vector<std::int64_t> dropped_attributes, dropped_events, dropped_links;
  TextColumn messages, trace_states;
  std::vector<std::int64_t> event_counts, event_times, event_dropped;
  TextColumn event_names;
  std::vector<std::int64_t> link_counts, link_flags, link_dropped;
  std::string link_trace_ids, link_span_ids;
  TextColumn link_states;

 private:
  std::vector<Operation> operations_;
  std::unordered_map<std::uint64_t, bool> operations_seen_;
  std::uint64_t last_operation_ = ~std::uint64_t{0};
};

struct BlockWriter::LogColumns {
  void reset();

  std::vector<std::int64_t> times, observed, severities, flags, dropped, resources, scopes;
  std::string trace_ids, span_ids;
  TextColumn severity_texts, event_names, bodies;
};

}  // namespace honeyguide::store::segment
